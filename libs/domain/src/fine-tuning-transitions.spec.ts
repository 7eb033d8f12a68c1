import { describe, expect, it } from 'vitest';
import type { FineTuningJob, FineTuningStatus } from './fine-tuning-job.js';
import { fineTuningStatuses } from './fine-tuning-job.js';
import * as transitions from './fine-tuning-transitions.js';

const now = new Date('2026-01-01T00:00:10Z');
const later = new Date('2026-01-01T00:01:00Z');
const earlier = new Date('2026-01-01T00:00:00Z');
const failure = { code: 'c', message: 'm', param: null };

const facts = {
  ...{
    id: 'ftjob-1',
    project: 'default',
    model: 'tiny',
    task: null,
    trainingFile: 'file-1',
    validationFile: null,
    suffix: null,
  },
  ...{
    seed: 1,
    metadata: {},
    priority: 0,
    warnings: [],
    cancelRequested: false,
    pauseRequested: false,
    attempts: 1,
    progress: null,
    trainingState: null,
    stalledSince: null,
    trainedTokens: 0,
    evaluation: null,
    evaluationId: null,
    promotion: null,
  },
  ...{ createdAt: earlier, startedAt: earlier },
  method: { adapter: 'lora', scope: 'prompt', options: {}, hyperparameters: {} },
};
const lease = { owner: 'me', expiresAt: later };

const jobs: Record<FineTuningStatus, FineTuningJob> = {
  validating_files: { ...facts, status: 'validating_files' },
  queued: { ...facts, status: 'queued' },
  running: { ...facts, status: 'running', lease },
  paused: { ...facts, status: 'paused' },
  succeeded: { ...facts, status: 'succeeded', finishedAt: now, result: { kind: 'adapter', id: 'ft:a::b' } },
  failed: { ...facts, status: 'failed', finishedAt: now, error: failure },
  cancelled: { ...facts, status: 'cancelled', finishedAt: now },
};

const moves: Record<string, (job: FineTuningJob) => FineTuningJob | undefined> = {
  queue: (job) => transitions.queueFineTuning(job),
  claim: (job) => transitions.claimFineTuning(job, { owner: 'next', expiresAt: later }, now),
  release: (job) => transitions.releaseFineTuning(job, 'me'),
  requestCancel: (job) => transitions.requestFineTuningCancel(job, now),
  succeed: (job) =>
    transitions.succeedFineTuning(
      job,
      'me',
      { result: { kind: 'adapter', id: 'ft:a::b' }, trainedTokens: 5 },
      now,
    ),
  fail: (job) => transitions.failFineTuning(job, 'me', failure, now),
  reject: (job) => transitions.rejectFineTuning(job, failure, now),
  cancel: (job) => transitions.cancelFineTuning(job, 'me', now),
  requestPause: (job) => transitions.requestFineTuningPause(job),
  stall: (job) => transitions.stallFineTuning(job, 'me', now),
  pause: (job) => transitions.pauseFineTuning(job, 'me'),
  resume: (job) => transitions.resumeFineTuning(job),
};

/** The whole state machine: what a move makes of each status; `-` is refused. */
const table: Record<string, Record<FineTuningStatus, string>> = {
  queue: row('queued - - - - - -'),
  claim: row('- running - - - - -'),
  release: row('- - queued - - - -'),
  requestCancel: row('cancelled cancelled running cancelled - - -'),
  succeed: row('- - succeeded - - - -'),
  fail: row('- - failed - - - -'),
  reject: row('failed failed - - - - -'),
  cancel: row('- - cancelled - - - -'),
  requestPause: row('- paused running paused - - -'),
  stall: row('- - running - - - -'),
  pause: row('- - queued - - - -'),
  resume: row('- - - queued - - -'),
};

function row(text: string): Record<FineTuningStatus, string> {
  const ends = text.split(' ');
  return Object.fromEntries(fineTuningStatuses.map((status, i) => [status, ends[i]])) as Record<
    FineTuningStatus,
    string
  >;
}

function outcome(move: (job: FineTuningJob) => FineTuningJob | undefined, job: FineTuningJob): string {
  try {
    return move(job)?.status ?? '-';
  } catch (error) {
    expect(error).toMatchObject({ kind: 'conflict' });
    return '-';
  }
}

describe('a fine-tuning job', () => {
  it.each(Object.entries(moves))('%s leads where it may and nowhere else', (name, move) => {
    const found = fineTuningStatuses.map((status) => [status, outcome(move, jobs[status])]);
    expect(Object.fromEntries(found)).toEqual(table[name]);
  });

  it('is claimed again only when the lease has ended', () => {
    const next = { owner: 'next', expiresAt: later };
    expect(transitions.claimFineTuning(jobs.running, next, now)).toBeUndefined();
    expect(transitions.claimFineTuning(jobs.running, next, later)).toMatchObject({
      lease: next,
      attempts: 2,
    });
  });

  it('is never changed by somebody who does not hold it', () => {
    const lost = { code: 'lease_lost' };
    expect(() => transitions.failFineTuning(jobs.running, 'other', failure, now)).toThrow(
      expect.objectContaining(lost) as Error,
    );
    expect(() => transitions.releaseFineTuning(jobs.running, 'other')).toThrow('no longer leased to other');
  });

  it('drops what belongs to the status it leaves', () => {
    expect(transitions.releaseFineTuning(jobs.running, 'me')).toEqual({
      ...facts,
      attempts: 0,
      status: 'queued',
    });
    const done = transitions.succeedFineTuning(
      jobs.running,
      'me',
      { result: { kind: 'adapter', id: 'x' }, trainedTokens: 5 },
      now,
    );
    expect(done).not.toHaveProperty('lease');
    expect(done).toMatchObject({ result: { kind: 'adapter', id: 'x' }, trainedTokens: 5, finishedAt: now });
  });

  it('takes a pause back that its holder has not heard of, and refuses one after a cancel', () => {
    const asked = transitions.requestFineTuningPause(jobs.running);
    expect(asked).toMatchObject({ status: 'running', pauseRequested: true, lease });
    expect(transitions.resumeFineTuning(asked)).toEqual(jobs.running);
    expect(transitions.pauseFineTuning(asked, 'me')).toEqual({ ...facts, attempts: 0, status: 'paused' });
    const cancelling = transitions.requestFineTuningCancel(jobs.running, now);
    expect(() => transitions.requestFineTuningPause(cancelling)).toThrow('cannot be paused');
  });

  it('remembers when it was first taken up', () => {
    const fresh: FineTuningJob = { ...facts, startedAt: null, attempts: 0, status: 'queued' };
    expect(transitions.claimFineTuning(fresh, lease, now)).toMatchObject({ startedAt: now, attempts: 1 });
    expect(transitions.claimFineTuning(jobs.queued, lease, now)).toMatchObject({ startedAt: earlier });
  });
});
