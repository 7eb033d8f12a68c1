import { newAdapterTag } from './ids.js';
import type { Failure } from './failure.js';
import type { JsonObject } from './json.js';
import type { Lease } from './lease.js';

/** How a copy of the weights is rounded: blocks of 4 or 8 bits, or 8 bits by output channel for activations of 8 bits. */
export type Quantisation = 'q4' | 'q8' | 'w8a8';

interface BaseModelFacts {
  /** The model's public name, for example `prad-tiny`. */
  readonly id: string;
  /** The only project that sees it, where a training made it; null for an imported one, which is everybody's. */
  readonly project: string | null;
  /** Where it was imported from: a folder, a GGUF file or `hf:org/name`; or the fine-tuning job that made it. */
  readonly source: string;
  readonly createdAt: Date;
}

/** What is known of a base model once its weights were written. */
export interface BaseModelContent {
  /** sha256 of the engine's model.safetensors in lower-case hex: what adapters are bound to, and not what tokenizer goes with it. */
  readonly digest: string;
  /** Hugging Face `model_type`, for example `llama`. */
  readonly architecture: string;
  /** Number of scalar weights. */
  readonly parameterCount: number;
  /** Longest sequence in tokens. */
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** The quantised copies of the weights that its folder holds. */
  readonly quantised: readonly Quantisation[];
  /** Size of all files in bytes. */
  readonly bytes: number;
  /** Blob key prefix of the model folder (config.json, tokenizer.json, model.safetensors); models of one key are the same in all. */
  readonly blobKey: string;
  /** Further facts to show, such as the licence or the dtype of the source. */
  readonly details: JsonObject;
}

/** A frozen language model that adapters are trained for. */
export type BaseModel = BaseModelFacts &
  (
    | {
        readonly status: 'importing';
        readonly lease: Lease | null;
        /** The quantised copies of the weights that were asked for. */
        readonly quantised: readonly Quantisation[];
      }
    | ({ readonly status: 'ready' } & BaseModelContent)
    | { readonly status: 'failed'; readonly error: Failure }
  );

/** A base model as the training of all weights describes it: it belongs to the project of the job. */
export type NewTunedModel = { readonly id: string } & BaseModelContent;

export type ImportingBaseModel = Extract<BaseModel, { status: 'importing' }>;
export type ReadyBaseModel = Extract<BaseModel, { status: 'ready' }>;
export type BaseModelStatus = BaseModel['status'];
export const baseModelStatuses = [
  'importing',
  'ready',
  'failed',
] as const satisfies readonly BaseModelStatus[];

/** The longest name of a base model, as the import takes it. */
const LONGEST_NAME = 96;

/** A new name `<base>-<suffix>-<8 characters>` for a base model that a training made. */
export function newTunedModelName(base: string, suffix: string | null): string {
  const stem = suffix === null ? base : `${base}-${suffix}`;
  const tag = newAdapterTag();
  return `${stem.slice(0, LONGEST_NAME - tag.length - 1)}-${tag}`;
}
