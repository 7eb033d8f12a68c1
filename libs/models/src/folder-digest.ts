import { createHash } from 'node:crypto';
import { readManifest } from './base-model.js';
import { pathIn } from './base-model-folder.js';
import { optionalText } from './optional-text.js';

/** What a model is beside its weights, whose digest the manifest has. */
const texts = ['config', 'tokenizer', 'tokenizerConfig', 'generationConfig'] as const;

/**
 * Hex SHA-256 of all that makes an imported model what it is, which names its folder in the blob store: the weights, the
 * config, the tokenizer with its chat template, and the end tokens. Copies in few bits follow from the weights and do not count,
 * so they can come later. @throws AppError notFound where there is no model.
 */
export async function folderDigest(folder: string): Promise<string> {
  const { digest } = await readManifest(folder);
  const contents = await Promise.all(texts.map((file) => optionalText(pathIn(folder, file))));
  return createHash('sha256')
    .update(JSON.stringify([digest, ...contents]))
    .digest('hex');
}
