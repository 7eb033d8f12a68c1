import type { Failure } from './failure.js';
import type { JsonObject } from './json.js';
import type { Lease } from './lease.js';

/** A model as an evaluation was admitted with it: what it names never changes afterwards. */
export interface EvaluatedModel {
  /** As the request named it. */
  readonly name: string;
  readonly baseModel: string;
  readonly baseDigest: string;
  /** Null for the base alone, as the two fields below. */
  readonly adapter: string | null;
  readonly adapterVersion: number | null;
  readonly adapterDigest: string | null;
}

/** Finished and planned answers, of all models together. */
export interface EvaluationProgress {
  readonly done: number;
  readonly total: number;
}

export interface EvaluationFacts {
  readonly id: string;
  readonly project: string;
  /** The first one is the baseline of comparisons. */
  readonly models: readonly EvaluatedModel[];
  readonly fileId: string;
  /** sha256 of the file in lower-case hex. */
  readonly fileDigest: string;
  readonly metrics: readonly string[];
  /** Decoding, limit and bootstrap: all that the scores depend on besides models and file. */
  readonly settings: JsonObject;
  readonly cancelRequested: boolean;
  readonly attempts: number;
  /** The fine-tuning job that it measures the result of; null for one that was asked for. */
  readonly jobId: string | null;
  /** Null until the file was read. */
  readonly progress: EvaluationProgress | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
}

/** Which code did something. */
export interface CodeVersion {
  readonly version: string;
  /** Of git, `-dirty` behind it where files had been changed; null where it was not known when the code was built. */
  readonly commit: string | null;
}

/** What an evaluation ends in. */
export interface EvaluationOutcome {
  readonly result: JsonObject;
  /** Blob of JSON lines: each sample with its references, predictions and statistics. */
  readonly predictionsKey: string;
  /** Of what scored; null for those of before it was kept. */
  readonly code: CodeVersion | null;
}

export type EvaluationState =
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly lease: Lease }
  | ({ readonly status: 'succeeded'; readonly finishedAt: Date } & EvaluationOutcome)
  | { readonly status: 'failed'; readonly finishedAt: Date; readonly error: Failure }
  | { readonly status: 'cancelled'; readonly finishedAt: Date };

/** The scores of several models on one file, as a job. */
export type Evaluation = EvaluationFacts & EvaluationState;
export type EvaluationStatus = Evaluation['status'];

export type NewEvaluation = Pick<
  EvaluationFacts,
  'id' | 'project' | 'models' | 'fileId' | 'fileDigest' | 'metrics' | 'settings'
>;
