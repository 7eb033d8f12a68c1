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
  /** Null until the file was read. */
  readonly progress: EvaluationProgress | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
}

/** What an evaluation ends in. */
export interface EvaluationOutcome {
  readonly result: JsonObject;
  /** Blob of JSON lines: each sample with its references, predictions and statistics. */
  readonly predictionsKey: string;
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
