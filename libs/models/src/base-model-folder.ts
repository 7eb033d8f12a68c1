import { join } from 'node:path';
import type { BaseLayout } from '@prad/adapter-files';

/** The files of an imported base model; the digest names the folder. */
export const modelFiles = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  weights: 'model.safetensors',
  /** Written last: a folder without it is not a model. */
  manifest: 'manifest.json',
} as const;

/** What the manifest says of the folder. */
export interface Manifest {
  readonly format: 'prad-model';
  readonly formatVersion: 1;
  /** Hex SHA-256 of `model.safetensors`, which holds the config in its metadata as well. */
  readonly digest: string;
  readonly modelType: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** What files of adapters are checked against. */
  readonly layout: BaseLayout;
}

export function pathIn(folder: string, file: keyof typeof modelFiles): string {
  return join(folder, modelFiles[file]);
}
