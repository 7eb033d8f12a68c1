import { join } from 'node:path';
import type { BaseLayout } from '@prad/adapter-files';
import type { Quantisation } from './quantisation.js';

/** The files of an imported base model. */
export const modelFiles = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  /** Where the source had one. */
  generationConfig: 'generation_config.json',
  weights: 'model.safetensors',
  /** Written last: a folder without it is not a model. */
  manifest: 'manifest.json',
} as const;

/** The file of the weights' copy that is rounded so. */
export function quantisedFile(kind: Quantisation): string {
  return `model.${kind}.safetensors`;
}

/** A copy of the weights in few bits, for decoding. */
export interface QuantisedCopy {
  readonly kind: Quantisation;
  readonly file: string;
  /** Hex SHA-256 of the file. */
  readonly digest: string;
}

/** What the manifest says of the folder. */
export interface Manifest {
  readonly format: 'prad-model';
  readonly formatVersion: 1;
  /** Hex SHA-256 of `model.safetensors`, which holds the config in its metadata as well: what adapters are bound to. */
  readonly digest: string;
  readonly modelType: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** What files of adapters are checked against. */
  readonly layout: BaseLayout;
  /** The copies that lie beside the weights. */
  readonly quantised: readonly QuantisedCopy[];
}

export function pathIn(folder: string, file: keyof typeof modelFiles): string {
  return join(folder, modelFiles[file]);
}
