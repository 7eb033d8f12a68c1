import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importBaseModel, openBaseModel, type BaseModel } from '@prad/models';
import { withSmolLM2Size } from './smollm2-size.js';

export const SMOLLM2 = '.cache/SmolLM2-135M-Instruct.Q4_1.gguf';

/** SmolLM2-135M, or random weights of its size where its file is not there. */
export async function withSmolLM2<T>(use: (model: BaseModel) => Promise<T>): Promise<T> {
  const found = await access(SMOLLM2).then(
    () => true,
    () => false,
  );
  if (!found) return withSmolLM2Size(use);
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-'));
  try {
    await importBaseModel(SMOLLM2, folder);
    return await use(await openBaseModel(folder, 'smollm2-135m'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
