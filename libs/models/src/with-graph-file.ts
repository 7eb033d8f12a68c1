import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseModel } from './base-model.js';

/**
 * Puts an ONNX graph beside the weights that it names while `use` loads it: onnxruntime resolves external data
 * relative to the graph's file, and needs that file only while it loads.
 */
export async function withGraphFile<T>(
  model: Pick<BaseModel, 'folder'>,
  onnx: Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(model.folder, `.graph-${randomUUID()}.onnx`);
  try {
    await writeFile(path, onnx);
    return await use(path);
  } finally {
    await rm(path, { force: true });
  }
}
