import type { Failure } from './failure.js';
import type { JsonObject } from './json.js';
import type { Lease } from './lease.js';

/** Those of text, and those of prompts that are only read. */
export const inferenceEndpoints = ['completion', 'chat', 'embedding', 'score'] as const;
export type InferenceEndpoint = (typeof inferenceEndpoints)[number];

/** Token counts of one request. */
export interface Usage {
  readonly promptTokens: number;
  /** Of the prompt's, those that earlier prompts left; rows of earlier versions do not tell. */
  readonly cachedTokens?: number;
  readonly completionTokens: number;
}

/** Where a request's time went, in milliseconds; null where it was not measured. */
export interface InferenceTimings {
  readonly queueMs: number | null;
  readonly prefillMs: number | null;
  readonly decodeMs: number | null;
}

/** What a finished request leaves behind. */
export interface InferenceOutcome {
  /** The endpoint's answer: texts and finish reasons, vectors, or scores. */
  readonly result: JsonObject;
  readonly usage: Usage;
  readonly timings: InferenceTimings;
}

/** What every request has, whatever its status. */
export interface InferenceJobFacts {
  readonly id: string;
  readonly project: string;
  readonly endpoint: InferenceEndpoint;
  /** Id of the base model. */
  readonly baseModel: string;
  /** Id of the adapter; null for the base alone. */
  readonly adapter: string | null;
  /** The adapter's version that the request was admitted with; null for the base alone. */
  readonly adapterVersion: number | null;
  /** The validated request body. */
  readonly request: JsonObject;
  readonly cancelRequested: boolean;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
}

export type InferenceState =
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly lease: Lease }
  | ({ readonly status: 'succeeded'; readonly finishedAt: Date } & InferenceOutcome)
  | { readonly status: 'failed'; readonly finishedAt: Date; readonly error: Failure }
  | { readonly status: 'cancelled'; readonly finishedAt: Date };

/** One request to a model. */
export type InferenceJob = InferenceJobFacts & InferenceState;
export type InferenceStatus = InferenceJob['status'];
export const inferenceStatuses = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly InferenceStatus[];

export type NewInferenceJob = Pick<
  InferenceJobFacts,
  'id' | 'project' | 'endpoint' | 'baseModel' | 'adapter' | 'adapterVersion' | 'request'
> & {
  /** From -100 to 100, lower ones are taken first; 0 by default. */
  readonly priority?: number;
  /** How many of its project's turns it takes, by default one. */
  readonly turns?: number;
};
