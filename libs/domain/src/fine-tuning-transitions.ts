import type { Failure } from './failure.js';
import type {
  FineTuningJob,
  FineTuningJobFacts,
  FineTuningResult,
  TrainingState,
} from './fine-tuning-job.js';
import { illegalChange, isFinal, leaseLost } from './job-status.js';
import { leaseIsFree, type Lease } from './lease.js';

type Running = Extract<FineTuningJob, { status: 'running' }>;

/** The job without what belongs to its present status. */
function common(job: FineTuningJob): FineTuningJobFacts {
  const { id, project, model, task, trainingFile, validationFile, suffix, seed, method, metadata } = job;
  const { warnings, cancelRequested, pauseRequested, attempts, progress, trainingState, trainedTokens } = job;
  const { createdAt, startedAt, priority, stalledSince, evaluation, evaluationId, promotion } = job;
  return {
    ...{ id, project, model, task, trainingFile, validationFile, suffix, seed, method, metadata },
    ...{ warnings, cancelRequested, pauseRequested, attempts, progress, trainingState, trainedTokens },
    ...{ createdAt, startedAt, priority, stalledSince, evaluation, evaluationId, promotion },
  };
}

/** What a job that has ended keeps: nothing goes on from its state. */
function ended(job: FineTuningJob): FineTuningJobFacts {
  return { ...common(job), pauseRequested: false, trainingState: null, stalledSince: null };
}

function heldBy(job: FineTuningJob, owner: string): Running {
  if (job.status !== 'running' || job.lease.owner !== owner) throw leaseLost(job.id, owner);
  return job;
}

/** Files are valid: the job waits for a worker. */
export function queueFineTuning(job: FineTuningJob): FineTuningJob {
  if (job.status !== 'validating_files') throw illegalChange(job.id, 'be queued', job.status);
  return { ...common(job), status: 'queued' };
}

/** The job under a new lease, or undefined when it has ended or another holder's lease is still good. */
export function claimFineTuning(job: FineTuningJob, lease: Lease, now: Date): FineTuningJob | undefined {
  const claimable = job.status === 'queued' || (job.status === 'running' && leaseIsFree(job.lease, now));
  if (!claimable) return undefined;
  const attempts = job.attempts + 1;
  return { ...common(job), attempts, startedAt: job.startedAt ?? now, status: 'running', lease };
}

/** The holder hands the job back unfinished; the attempt does not count. */
export function releaseFineTuning(job: FineTuningJob, owner: string): FineTuningJob {
  const held = heldBy(job, owner);
  return { ...common(held), attempts: held.attempts - 1, pauseRequested: false, status: 'queued' };
}

/** A waiting job pauses at once; a running one is asked to at its holder's next heartbeat. Nothing changes for a paused one. */
export function requestFineTuningPause(job: FineTuningJob): FineTuningJob {
  if (job.status === 'paused') return job;
  if (job.status === 'queued') return { ...common(job), status: 'paused' };
  if (job.status !== 'running' || job.cancelRequested) throw illegalChange(job.id, 'be paused', job.status);
  return { ...job, pauseRequested: true };
}

/** The holder has stopped because a pause was asked for, and may have been taken back since; the attempt does not count. */
export function pauseFineTuning(job: FineTuningJob, owner: string): FineTuningJob {
  const held = heldBy(job, owner);
  const status = held.pauseRequested ? 'paused' : 'queued';
  return { ...common(held), attempts: held.attempts - 1, pauseRequested: false, status };
}

/** A paused job waits for a worker again; one that has not paused yet goes on where its holder will leave it. */
export function resumeFineTuning(job: FineTuningJob): FineTuningJob {
  if (job.status === 'paused') return { ...common(job), status: 'queued' };
  if (job.status !== 'running' || !job.pauseRequested) throw illegalChange(job.id, 'be resumed', job.status);
  return { ...job, pauseRequested: false };
}

/** A waiting job ends at once; a running one is asked to stop at its holder's next heartbeat. */
export function requestFineTuningCancel(job: FineTuningJob, now: Date): FineTuningJob {
  if (isFinal(job.status)) throw illegalChange(job.id, 'be cancelled', job.status);
  if (job.status === 'running') return { ...job, cancelRequested: true };
  return { ...ended(job), cancelRequested: true, status: 'cancelled', finishedAt: now };
}

/** The holder has kept a state that the job can go on from. */
export function keepTrainingState(
  job: FineTuningJob,
  owner: string,
  trainingState: TrainingState,
): FineTuningJob {
  return { ...heldBy(job, owner), trainingState, stalledSince: null };
}

/** The holder finds no room on the disk: from the first time on the job gets no further until it keeps a state. */
export function stallFineTuning(job: FineTuningJob, owner: string, now: Date): FineTuningJob {
  const held = heldBy(job, owner);
  return { ...held, stalledSince: held.stalledSince ?? now };
}

/** The holder ends the job with what it made. */
export function succeedFineTuning(
  job: FineTuningJob,
  owner: string,
  outcome: { readonly result: FineTuningResult; readonly trainedTokens: number },
  now: Date,
): FineTuningJob {
  const held = heldBy(job, owner);
  const { result, trainedTokens } = outcome;
  return { ...ended(held), trainedTokens, status: 'succeeded', finishedAt: now, result };
}

/** The holder ends the job with a reason. */
export function failFineTuning(job: FineTuningJob, owner: string, error: Failure, now: Date): FineTuningJob {
  return { ...ended(heldBy(job, owner)), status: 'failed', finishedAt: now, error };
}

/** A job that no worker holds ends with a reason, for example because its files are bad. */
export function rejectFineTuning(job: FineTuningJob, error: Failure, now: Date): FineTuningJob {
  const waiting = job.status === 'validating_files' || job.status === 'queued';
  if (!waiting) throw illegalChange(job.id, 'be rejected', job.status);
  return { ...ended(job), status: 'failed', finishedAt: now, error };
}

/** The holder has stopped because a cancel was asked for. */
export function cancelFineTuning(job: FineTuningJob, owner: string, now: Date): FineTuningJob {
  return { ...ended(heldBy(job, owner)), status: 'cancelled', finishedAt: now };
}
