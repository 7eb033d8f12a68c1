import { stat } from 'node:fs/promises';
import { openError } from './byte-source.js';
import { openGgufModel } from './gguf/gguf-model.js';
import { openModelFolder } from './hugging-face/model-folder.js';
import type { ModelSource } from './model-source.js';

/**
 * Opens a Hugging Face folder, or a GGUF file. Weights are read lazily.
 * @throws AppError notFound, or invalid naming the file and what is wrong with it.
 */
export async function openModelSource(path: string): Promise<ModelSource> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw openError(path, cause);
  });
  return stats.isDirectory() ? openModelFolder(path) : openGgufModel(path);
}
