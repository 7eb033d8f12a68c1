import { z } from 'zod';
import { generationEvent } from './generation.js';

/** Everything the queue knows of one kind of job. */
export interface JobDefinition {
  /** Ids only: the row is the record, the queue only says that there is work. */
  readonly payload: z.ZodType;
  /** The queue's own id of a job, which makes adding it twice harmless. */
  readonly idKey: string;
  /** What the handler may stream to readers. */
  readonly event: z.ZodType;
  /** How often a job is tried when its handler fails with an error that may pass. */
  readonly attempts: number;
  /** Whether some are taken before others; else in the order of their adding. */
  readonly prioritised: boolean;
  /** First pause between attempts; it doubles each time. */
  readonly backoffMs: number;
  /** Finished jobs that the queue keeps; 0 keeps none, so that the same id can be added again. */
  readonly keep: { readonly count: number; readonly seconds: number };
}

const id = z.string().min(1);
/** Of the API request that asked for the job, for log lines alone; a job that was queued again from its row has none. */
const requestId = id.optional();
const fiveMinutes = 300;
const oneDay = 86_400;

/** All jobs by name; a job's name is also its queue's name and the worker role that does it. */
export const jobCatalogue = {
  train: {
    payload: z.strictObject({ fineTuningJobId: id, requestId }),
    idKey: 'fineTuningJobId',
    event: z.never(),
    attempts: 3,
    prioritised: true,
    backoffMs: 5_000,
    keep: { count: 1_000, seconds: oneDay },
  },
  /** Waits in the queue for the `train` jobs of a sweep, and ends the sweep after the last of them. */
  sweep: {
    payload: z.strictObject({ sweepId: id, requestId }),
    idKey: 'sweepId',
    prioritised: false,
    event: z.never(),
    attempts: 3,
    backoffMs: 5_000,
    keep: { count: 0, seconds: 0 },
  },
  generate: {
    payload: z.strictObject({ inferenceJobId: id, requestId }),
    idKey: 'inferenceJobId',
    event: generationEvent,
    attempts: 3,
    prioritised: true,
    backoffMs: 500,
    keep: { count: 2_000, seconds: fiveMinutes },
  },
  evaluate: {
    payload: z.strictObject({ evaluationId: id, requestId }),
    idKey: 'evaluationId',
    event: z.never(),
    attempts: 3,
    prioritised: false,
    backoffMs: 5_000,
    keep: { count: 1_000, seconds: oneDay },
  },
  import: {
    payload: z.strictObject({ baseModelId: id, requestId }),
    idKey: 'baseModelId',
    event: z.never(),
    attempts: 3,
    prioritised: false,
    backoffMs: 5_000,
    keep: { count: 0, seconds: 0 },
  },
} as const satisfies Record<string, JobDefinition>;

export type JobName = keyof typeof jobCatalogue;
export const jobNames = Object.keys(jobCatalogue) as readonly JobName[];
/** Jobs that are a worker's role of their own; workers that train end sweeps besides. */
export type RoleName = Exclude<JobName, 'sweep'>;
export const roleNames = jobNames.filter((name): name is RoleName => name !== 'sweep');
export type JobPayload<Name extends JobName> = z.infer<(typeof jobCatalogue)[Name]['payload']>;
export type JobStreamEvent<Name extends JobName> = z.infer<(typeof jobCatalogue)[Name]['event']>;

/** The queue's id of a job with this payload. */
export function queueJobId<Name extends JobName>(name: Name, payload: JobPayload<Name>): string {
  const definition: JobDefinition = jobCatalogue[name];
  return id.parse((payload as Readonly<Record<string, unknown>>)[definition.idKey]);
}

/** The ids that log lines of a job's work carry. */
export interface JobIds {
  readonly jobId: string;
  readonly requestId?: string;
}

export function jobIdsOf(jobId: string, payload: unknown): JobIds {
  const request = z.object({ requestId: id }).safeParse(payload);
  return request.success ? { jobId, requestId: request.data.requestId } : { jobId };
}
