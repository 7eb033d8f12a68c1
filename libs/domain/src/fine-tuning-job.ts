import type { Failure } from './failure.js';
import { isFinal } from './job-status.js';
import type { JsonObject } from './json.js';
import type { Lease } from './lease.js';
import type { JobEvaluation, Promotion } from './promotion.js';

/** How an adapter is trained. The lists of adapters and scopes are open, so both are names. */
export interface FineTuningMethod {
  /** Adapter method, for example `adapter` or `lora`. */
  readonly adapter: string;
  /** Mask policy, for example `prompt` (PrAd) or `all` (conventional). */
  readonly scope: string;
  /** The method's own options, for example rank and scale. */
  readonly options: JsonObject;
  /** Training settings: epochs or steps, learning rate, batch size, ... */
  readonly hyperparameters: JsonObject;
}

/** Finished and planned optimiser steps. */
export interface Progress {
  readonly step: number;
  readonly total: number;
}

/** What an interrupted training goes on from; its bytes are a blob. */
export interface TrainingState {
  /** Optimiser steps that are done. */
  readonly step: number;
  readonly blobKey: string;
  /** sha256 of the blob in lower-case hex. */
  readonly digest: string;
  readonly bytes: number;
}

/** What every job has, whatever its status. */
export interface FineTuningJobFacts {
  readonly id: string;
  readonly project: string;
  /** Id of the base model. */
  readonly model: string;
  readonly task: string | null;
  /** Ids of data files. */
  readonly trainingFile: string;
  readonly validationFile: string | null;
  readonly suffix: string | null;
  readonly seed: number;
  readonly method: FineTuningMethod;
  /** The submitter's own labels. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Waiting jobs of lower numbers are taken first, from -100 to 100. */
  readonly priority: number;
  /** What its submitter should know of, although the job is done as asked. */
  readonly warnings: readonly string[];
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  /** How often a worker took the job up without handing it back. */
  readonly attempts: number;
  /** Null until the number of steps is known. */
  readonly progress: Progress | null;
  /** The newest that was kept; null before the first and after the end. */
  readonly trainingState: TrainingState | null;
  /** Since when the disk has had no room for what the job writes; null while it gets on. */
  readonly stalledSince: Date | null;
  /** What measures the result once it is there; null for none. */
  readonly evaluation: JobEvaluation | null;
  /** Id of that evaluation; null before the end. */
  readonly evaluationId: string | null;
  /** Null while the evaluation has not ended, and without a gate. */
  readonly promotion: Promotion | null;
  /** Tokens seen in training so far. */
  readonly trainedTokens: number;
  readonly createdAt: Date;
  /** When a worker first took the job up. */
  readonly startedAt: Date | null;
}

/** What a training ends in: an adapter, or the base model that training all weights makes. */
export interface FineTuningResult {
  readonly kind: 'adapter' | 'base_model';
  readonly id: string;
}

/** The status and what only that status has. */
export type FineTuningState =
  | { readonly status: 'validating_files' }
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly lease: Lease }
  | { readonly status: 'paused' }
  | { readonly status: 'succeeded'; readonly finishedAt: Date; readonly result: FineTuningResult }
  | { readonly status: 'failed'; readonly finishedAt: Date; readonly error: Failure }
  | { readonly status: 'cancelled'; readonly finishedAt: Date };

/** One training of one adapter, or of all weights. */
export type FineTuningJob = FineTuningJobFacts & FineTuningState;
export type FineTuningStatus = FineTuningJob['status'];
export const fineTuningStatuses = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly FineTuningStatus[];

/** The status as it is told: a running job that was asked to end is `cancelling`. */
export function toldStatus({ status, cancelRequested }: FineTuningJob): FineTuningStatus | 'cancelling' {
  return status === 'running' && cancelRequested ? 'cancelling' : status;
}

/** A job as its submitter describes it. */
export type NewFineTuningJob = Pick<
  FineTuningJobFacts,
  | 'id'
  | 'project'
  | 'model'
  | 'task'
  | 'trainingFile'
  | 'validationFile'
  | 'suffix'
  | 'seed'
  | 'method'
  | 'metadata'
> & {
  readonly warnings?: readonly string[];
  /** 0 by default. */
  readonly priority?: number;
  readonly evaluation?: JobEvaluation | null;
  /** `queued` when the files were validated already. */
  readonly status: 'validating_files' | 'queued';
};

/** Whether nothing more will be told of the job: it has ended, and so has its gate. */
export function isSettled(job: FineTuningJob): boolean {
  if (!isFinal(job.status)) return false;
  return job.status !== 'succeeded' || !job.evaluation?.promote || job.promotion !== null;
}
