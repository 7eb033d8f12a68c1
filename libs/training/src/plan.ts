import type { SchedulerType } from '@prad/nn';
import type { Device } from '@prad/runtime';
import type { TaskReference } from '@prad/tasks';

/** How long and how fast to train. Names and meanings as in Hugging Face `TrainingArguments` where it has them. */
export interface Hyperparameters {
  /** Passes over the training file; ignored where `maxSteps` is given. */
  readonly epochs: number;
  readonly maxSteps?: number | undefined;
  /** Examples per optimiser step, at most. */
  readonly batchSize: number;
  /** Positions per optimiser step at most, padding counted; absent: no other limit than `batchSize`. */
  readonly maxTokensPerBatch?: number | undefined;
  /** Whether examples of about equal length make up a batch, so that little of it is padding. True by default. */
  readonly groupByLength?: boolean | undefined;
  /** In how many passes the batch of a step is computed: the result is that of one, the memory that of a part. 1 by default. */
  readonly gradientAccumulationSteps?: number | undefined;
  /** Peak learning rate, reached after warm-up. */
  readonly learningRate: number;
  /** How it goes on after the warm-up; `linear` (to 0) by default. */
  readonly schedulerType?: SchedulerType | undefined;
  /** Share of all steps over which the learning rate rises, 0 to 1. */
  readonly warmupRatio: number;
  /** The same in steps; takes the place of `warmupRatio`. */
  readonly warmupSteps?: number | undefined;
  /** Decoupled (AdamW). */
  readonly weightDecay: number;
  /** Gradients are scaled down to this global L2 norm. */
  readonly maxGradNorm: number;
  /** Share of a label's probability that is spread over the vocabulary, in training only; 0 by default. */
  readonly labelSmoothing?: number | undefined;
  /** Longest example in tokens, prompt and answer together; a longer one is an error that names its line. */
  readonly maxLength: number;
  /** Validate every so many steps, besides before the first and after the last; 0 = only then; absent: after each epoch. */
  readonly evaluationSteps?: number | undefined;
  /** Keep a checkpoint every so many steps, besides after the last; 0 = only then; absent: with every validation. */
  readonly saveSteps?: number | undefined;
  /** End after so many validations in a row without a better loss; absent: never before the last step. */
  readonly earlyStoppingPatience?: number | undefined;
  /** By how much a validation loss must fall below the best one to count as better, in nats; 0 by default. */
  readonly earlyStoppingThreshold?: number | undefined;
}

/** What is drawn at random, each from its own stream. */
export interface Seeds {
  /** Of the start values of the trained tensors, and of all else that has no seed of its own. */
  readonly seed: number;
  /** Of the order of the examples. */
  readonly dataSeed?: number | undefined;
  readonly dropoutSeed?: number | undefined;
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
export interface TrainingPlan extends Seeds {
  /** Folder of an imported base model. */
  readonly modelFolder: string;
  readonly modelName: string;
  readonly trainable: Trainable;
  /** What the rows of both files are; null or absent: prompts with completions, or conversations. */
  readonly task?: TaskReference | null | undefined;
  /** JSONL. */
  readonly trainingFile: string;
  readonly validationFile?: string;
  readonly hyperparameters: Hyperparameters;
  /** An existing folder for graphs and checkpoints; the caller removes it. */
  readonly workFolder: string;
  readonly intraOpThreads: number;
  /** `cpu` by default; bytes are equal on the same device only. */
  readonly device?: Device;
  /** A file that an interrupted run of the same plan left behind (event `state`): it goes on from there. */
  readonly resumeFrom?: string | undefined;
  /**
   * How often a `state` is told in between, in milliseconds, as long as writing them takes little of the run; 0: after
   * every step; absent: only when the run is interrupted.
   */
  readonly stateEveryMs?: number | undefined;
}
