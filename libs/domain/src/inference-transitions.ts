import type { Failure } from './failure.js';
import type { InferenceJob, InferenceJobFacts, InferenceOutcome } from './inference-job.js';
import { illegalChange, isFinal, leaseLost } from './job-status.js';
import { leaseIsFree, type Lease } from './lease.js';

type Running = Extract<InferenceJob, { status: 'running' }>;

function common(job: InferenceJob): InferenceJobFacts {
  const { id, project, endpoint, baseModel, adapter, adapterVersion, request } = job;
  const { cancelRequested, attempts, createdAt, startedAt } = job;
  return {
    id,
    project,
    endpoint,
    baseModel,
    adapter,
    adapterVersion,
    request,
    cancelRequested,
    attempts,
    createdAt,
    startedAt,
  };
}

function heldBy(job: InferenceJob, owner: string): Running {
  if (job.status !== 'running' || job.lease.owner !== owner) throw leaseLost(job.id, owner);
  return job;
}

/** The job under a new lease, or undefined when it has ended or another holder's lease is still good. */
export function claimInference(job: InferenceJob, lease: Lease, now: Date): InferenceJob | undefined {
  const claimable = job.status === 'queued' || (job.status === 'running' && leaseIsFree(job.lease, now));
  if (!claimable) return undefined;
  const attempts = job.attempts + 1;
  return { ...common(job), attempts, startedAt: job.startedAt ?? now, status: 'running', lease };
}

/** The holder hands the job back unfinished; the attempt does not count. */
export function releaseInference(job: InferenceJob, owner: string): InferenceJob {
  const held = heldBy(job, owner);
  return { ...common(held), attempts: held.attempts - 1, status: 'queued' };
}

/** A waiting job ends at once; a running one is asked to stop; an ended one stays as it is, for the client has left. */
export function requestInferenceCancel(job: InferenceJob, now: Date): InferenceJob {
  if (isFinal(job.status)) return job;
  if (job.status === 'running') return { ...job, cancelRequested: true };
  return { ...common(job), cancelRequested: true, status: 'cancelled', finishedAt: now };
}

/** The holder ends the job with its answer. */
export function succeedInference(
  job: InferenceJob,
  owner: string,
  outcome: InferenceOutcome,
  now: Date,
): InferenceJob {
  const { result, usage, timings } = outcome;
  return { ...common(heldBy(job, owner)), status: 'succeeded', finishedAt: now, result, usage, timings };
}

/** The holder ends the job with a reason. */
export function failInference(job: InferenceJob, owner: string, error: Failure, now: Date): InferenceJob {
  return { ...common(heldBy(job, owner)), status: 'failed', finishedAt: now, error };
}

/** A job that no worker took up ends with a reason. */
export function rejectInference(job: InferenceJob, error: Failure, now: Date): InferenceJob {
  if (job.status !== 'queued') throw illegalChange(job.id, 'be rejected', job.status);
  return { ...common(job), status: 'failed', finishedAt: now, error };
}

/** The holder has stopped because a cancel was asked for. */
export function cancelInference(job: InferenceJob, owner: string, now: Date): InferenceJob {
  return { ...common(heldBy(job, owner)), status: 'cancelled', finishedAt: now };
}
