import { describe, expect, it } from 'vitest';
import type { InferenceJob, InferenceStatus } from './inference-job.js';
import { inferenceStatuses } from './inference-job.js';
import * as transitions from './inference-transitions.js';

const now = new Date('2026-01-01T00:00:10Z');
const later = new Date('2026-01-01T00:01:00Z');
const failure = { code: 'c', message: 'm', param: null };
const facts = {
  ...{
    id: 'cmpl-1',
    project: 'default',
    endpoint: 'completion' as const,
    baseModel: 'tiny',
    adapter: null,
    adapterVersion: null,
    request: {},
  },
  ...{ cancelRequested: false, attempts: 1, createdAt: now, startedAt: now },
};
const result = {
  result: { text: 'x' },
  usage: { promptTokens: 1, completionTokens: 1 },
  timings: { queueMs: 1, prefillMs: 1, decodeMs: 1 },
};

const jobs: Record<InferenceStatus, InferenceJob> = {
  queued: { ...facts, status: 'queued' },
  running: { ...facts, status: 'running', lease: { owner: 'me', expiresAt: later } },
  succeeded: { ...facts, status: 'succeeded', finishedAt: now, ...result },
  failed: { ...facts, status: 'failed', finishedAt: now, error: failure },
  cancelled: { ...facts, status: 'cancelled', finishedAt: now },
};

type Move = (job: InferenceJob) => InferenceJob | undefined;

/** What a move makes of queued, running, succeeded, failed and cancelled; `-` is refused. */
const table: readonly (readonly [string, Move, string])[] = [
  [
    'claim',
    (job) => transitions.claimInference(job, { owner: 'n', expiresAt: later }, now),
    'running - - - -',
  ],
  ['release', (job) => transitions.releaseInference(job, 'me'), '- queued - - -'],
  [
    'requestCancel',
    (job) => transitions.requestInferenceCancel(job, now),
    'cancelled running succeeded failed cancelled',
  ],
  ['succeed', (job) => transitions.succeedInference(job, 'me', result, now), '- succeeded - - -'],
  ['fail', (job) => transitions.failInference(job, 'me', failure, now), '- failed - - -'],
  ['reject', (job) => transitions.rejectInference(job, failure, now), 'failed - - - -'],
  ['cancel', (job) => transitions.cancelInference(job, 'me', now), '- cancelled - - -'],
];

describe('an inference job', () => {
  it.each(table)('%s leads where it may and nowhere else', (_name, move, expected) => {
    const found = inferenceStatuses.map((status) => {
      try {
        return move(jobs[status])?.status ?? '-';
      } catch (error) {
        expect(error).toMatchObject({ kind: 'conflict' });
        return '-';
      }
    });
    expect(found.join(' ')).toBe(expected);
  });

  it('is claimed again when the lease has ended, and then refuses the first holder', () => {
    const lease = { owner: 'next', expiresAt: later };
    const again = transitions.claimInference(jobs.running, lease, later);
    expect(again).toMatchObject({ status: 'running', lease, attempts: 2 });
    expect(() => again && transitions.succeedInference(again, 'me', result, later)).toThrow(
      'no longer leased',
    );
  });
});
