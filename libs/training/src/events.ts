import type { Manifest } from '@prad/models';

/** What a training run tells, in order: started, then steps, evaluations, checkpoints and states, then finished. */
export type TrainingEvent =
  | {
      readonly type: 'loading';
      /** Examples that are read and tokenised so far, told once in a while. */
      readonly examples: number;
    }
  | {
      readonly type: 'started';
      readonly totalSteps: number;
      readonly trainableParameters: number;
      readonly trainingExamples: number;
      readonly validationExamples: number;
      /** Steps that an earlier part of the run had done. */
      readonly resumedStep: number;
    }
  | {
      readonly type: 'step';
      /** From 1. */
      readonly step: number;
      /** Passes over the training file so far, for example 1.25. */
      readonly epoch: number;
      /** Mean cross-entropy over the batch's answer tokens, in nats. */
      readonly loss: number;
      readonly learningRate: number;
      /** Global L2 norm before clipping. */
      readonly gradientNorm: number;
      /** Prompt and answer tokens of the batch, padding not counted. */
      readonly tokens: number;
      readonly tokensPerSecond: number;
      /** Share of the batch's positions that is padding, 0 to 1. */
      readonly paddingWaste: number;
      /**
       * Model FLOPs utilisation: the rate of the step's matrix products as a share of what the machine's own MatMul
       * reaches, 0 to about 1. Absent where that was not measured: on a GPU.
       */
      readonly mfu?: number;
    }
  | {
      readonly type: 'evaluation';
      /** 0 = before training. */
      readonly step: number;
      /** Mean cross-entropy over all answer tokens of the validation file, in nats. */
      readonly loss: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      /** A file in the plan's work folder. */
      readonly path: string;
      readonly validationLoss?: number;
    }
  | {
      /** All that a run of the same plan needs to go on after `step` to the same bytes (`resumeFrom`). */
      readonly type: 'state';
      readonly step: number;
      /** A file in the plan's work folder. */
      readonly path: string;
    }
  | {
      /** What went wrong without ending the run. */
      readonly type: 'warning';
      readonly message: string;
    }
  | {
      readonly type: 'finished';
      readonly steps: number;
      readonly trainedTokens: number;
      /** The step whose tensors are the result: the best by validation loss where there is a validation file. */
      readonly bestStep: number;
      /** Whether the validation loss had stopped falling before the last planned step. */
      readonly stoppedEarly: boolean;
      /** The resulting adapter file, or the base model's folder, in the work folder. */
      readonly path: string;
      /** Of that folder, where `train` trained all weights. */
      readonly manifest?: Manifest;
    };
