import type { HostTensor } from '@prad/tensor';
import { Session, type Tensors } from './session.js';
import type { SessionOptions } from './session-options.js';

/** Opens a model, runs it once and closes it: for tests and for graphs that run once. */
export async function runGraph(
  model: string | Uint8Array,
  feeds: Tensors,
  options: SessionOptions = {},
): Promise<Record<string, HostTensor>> {
  const session = await Session.open(model, options);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}
