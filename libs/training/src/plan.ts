import type { Device } from '@prad/runtime';

/** How long and how fast to train. Names and meanings as in Hugging Face `TrainingArguments`. */
export interface Hyperparameters {
  /** Passes over the training file; ignored where `maxSteps` is given. */
  readonly epochs: number;
  readonly maxSteps?: number;
  /** Examples per optimiser step. */
  readonly batchSize: number;
  /** Peak learning rate, reached after warm-up, then falling linearly to 0. */
  readonly learningRate: number;
  /** Share of all steps over which the learning rate rises, 0 to 1. */
  readonly warmupRatio: number;
  /** Decoupled (AdamW). */
  readonly weightDecay: number;
  /** Gradients are scaled down to this global L2 norm. */
  readonly maxGradNorm: number;
  /** Longest example in tokens, prompt and answer together; a longer one is an error that names its line. */
  readonly maxLength: number;
  /** Validate every so many steps, besides before the first and after the last; 0 = only then. */
  readonly evaluationSteps: number;
}

/** Which tensors train: a new adapter on the frozen base, or every weight of the base (a new model results). */
export type Trainable =
  | {
      readonly kind: 'adapter';
      /** A registered adapter method, for example `lora`. */
      readonly method: string;
      /** The method's own options, checked by its schema. */
      readonly options: unknown;
      /** A registered mask policy: which positions the adapter may change. */
      readonly scope: string;
    }
  | { readonly kind: 'full' };

/** Everything a training run depends on: equal plans give equal bytes on the same machine. */
export interface TrainingPlan {
  /** Folder of an imported base model. */
  readonly modelFolder: string;
  readonly modelName: string;
  readonly trainable: Trainable;
  /** JSONL, see `parseTrainingExample` of formats. */
  readonly trainingFile: string;
  readonly validationFile?: string;
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  /** An existing folder for graphs and checkpoints; the caller removes it. */
  readonly workFolder: string;
  readonly intraOpThreads: number;
  /** `cpu` by default; bytes are equal on the same device only. */
  readonly device?: Device;
}
