import { DEFAULT_PROJECT } from '@prad/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedJobs } from '../../../bench/jobs/seed-jobs.js';
import { toFineTuningJobObject } from '../../../apps/api/src/fine-tuning/fine-tuning-job.view.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const JOBS = 1_000;
let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  await seedJobs(db.dataSource, { jobs: JOBS, onStep: () => undefined });
});
afterAll(() => db.close());

describe('seeded jobs', () => {
  it('are as many as asked for, of both kinds and all statuses, ever denser towards now', async () => {
    const { items } = await db.jobSummaries.list(DEFAULT_PROJECT, { limit: JOBS + 1 });
    expect(items).toHaveLength(JOBS);
    for (const [kind, count] of [
      ['fine_tuning', 100],
      ['inference', 900],
    ] as const) {
      const own = items.filter((job) => job.kind === kind);
      expect(own).toHaveLength(count);
      expect(new Set(own.map(({ status }) => status))).toEqual(
        new Set(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
      );
    }
    const age = (place: number) => Date.now() - (items[place]?.createdAt.getTime() ?? 0);
    expect(age(JOBS - 1)).toBeGreaterThan(80 * 86_400_000);
    expect(age(JOBS / 2)).toBeLessThan(30 * 86_400_000);
    expect(
      items.filter(({ adapter, kind }) => kind === 'inference' && adapter !== null).length,
    ).toBeGreaterThan(500);
  });

  it('are rows that the API can show, with curves and events of some', async () => {
    const { items } = await db.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 1_000 });
    for (const job of items) expect(toFineTuningJobObject(job).id).toBe(job.id);
    const [running] = items.filter(({ status }) => status === 'running');
    expect(await db.jobMetrics.curve(running?.id ?? '', 0, 5_000)).toHaveLength(2_000);
    expect(await db.jobEvents.listAfter(running?.id ?? '', 0, 100)).toHaveLength(60);
    const shown = await db.adapters.listDetails(DEFAULT_PROJECT, { limit: 1_000 });
    expect(shown.items.length).toBeGreaterThan(50);
    expect(shown.items.every(({ versions }) => versions[0]?.trainingFile?.startsWith('file-'))).toBe(true);
    expect(await db.projectFigures.read(DEFAULT_PROJECT)).toMatchObject({
      jobs: JOBS,
      baseModels: 3,
      files: 40,
    });
  });

  it('can be added once more', async () => {
    await seedJobs(db.dataSource, { jobs: 200, onStep: () => undefined });
    expect(await db.projectFigures.read(DEFAULT_PROJECT)).toMatchObject({ jobs: JOBS + 200 });
  });
});
