import { describe, expect, it } from 'vitest';
import { matchesJob, type JobFilter, type JobSummary } from './job-summary.js';

const job: JobSummary = {
  ...{
    id: 'ftjob-AbC',
    project: 'default',
    kind: 'fine_tuning',
    status: 'running',
    name: 'reviews',
    model: 'prad-tiny',
  },
  ...{ adapter: 'ft:prad-tiny:reviews:x1', task: 'sentiment', createdAt: new Date(5_000), startedAt: null },
  ...{ finishedAt: null, progress: null, tokens: null, cancelRequested: false, error: null },
};

describe('matchesJob', () => {
  it.each<[JobFilter, boolean]>([
    [{}, true],
    [{ kind: 'fine_tuning', status: 'running', model: 'prad-tiny', task: 'sentiment' }, true],
    [{ kind: 'inference' }, false],
    [{ status: 'queued' }, false],
    [{ model: 'prad' }, false],
    [{ task: 'other' }, false],
    [{ search: 'abc' }, true],
    [{ search: 'REVIEW' }, true],
    [{ search: 'x1' }, true],
    [{ search: 'prad-large' }, false],
    [{ createdAfter: new Date(5_000) }, true],
    [{ createdAfter: new Date(5_001) }, false],
    [{ createdBefore: new Date(5_001) }, true],
    [{ createdBefore: new Date(5_000) }, false],
    [{ model: 'prad-tiny', search: 'nothing' }, false],
  ])('lets a job through %j: %s', (filter, through) => {
    expect(matchesJob(job, filter)).toBe(through);
  });

  it('finds nothing in what a job does not have', () => {
    expect(matchesJob({ ...job, name: null, adapter: null }, { search: 'null' })).toBe(false);
  });
});
