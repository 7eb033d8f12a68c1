import { DEFAULT_PROJECT, matchesJob, newId, type JobFilter } from '@prad/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addFile, addRequest } from '../support/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/test-database.js';

const MADE = 60;
let db: TestDatabase;

/** Jobs of both kinds, several of them made in the same microsecond, with a few tasks, adapters and statuses. */
beforeAll(async () => {
  db = await openTestDatabase();
  await addBaseModel(db, 'alpha');
  await addBaseModel(db, 'beta');
  const file = await addFile(db);
  const query = (sql: string, parameters: unknown[] = []) => db.dataSource.query(sql, parameters);
  await query(
    `INSERT INTO adapter (id, base_model_id, base_digest, method, options, scope, parameter_count, task_id)
     VALUES ('ft:alpha:Nice_one:x1', 'alpha', 'd', 'lora', '{}', 'prompt', 1, 'reviews'),
            ('ft:beta::x2', 'beta', 'd', 'lora', '{}', 'prompt', 1, NULL)`,
  );
  const at = `timestamptz '2026-01-01' + (i / 7) * interval '1.000001 second'`;
  await query(
    `INSERT INTO fine_tuning_job (id, status, base_model_id, task_id, training_file_id, suffix, seed, adapter_method,
       scope, options, hyperparameters, created_at, finished_at)
     SELECT 'ftjob-' || i, CASE WHEN i % 4 = 0 THEN 'cancelled' ELSE 'queued' END,
       CASE WHEN i % 3 = 0 THEN 'alpha' ELSE 'beta' END, CASE WHEN i % 5 = 0 THEN 'reviews' END, $1,
       CASE WHEN i % 2 = 0 THEN 'suffix-' || i END, 1, 'lora', 'prompt', '{}', '{}', ${at},
       CASE WHEN i % 4 = 0 THEN now() END
     FROM generate_series(1, ${MADE}) AS i`,
    [file],
  );
  await query(
    `INSERT INTO inference_job (id, status, endpoint, base_model_id, adapter_id, request, created_at)
     SELECT 'cmpl-' || i, 'queued', 'completion', CASE WHEN i % 3 = 0 THEN 'alpha' ELSE 'beta' END,
       CASE WHEN i % 6 = 0 THEN 'ft:alpha:Nice_one:x1' WHEN i % 6 = 1 THEN 'ft:beta::x2' END, '{}', ${at}
     FROM generate_series(1, ${MADE}) AS i`,
  );
});
afterAll(() => db.close());

async function walk(filter: JobFilter, limit: number) {
  const found = [];
  let page = await db.jobSummaries.list(DEFAULT_PROJECT, { limit }, filter);
  found.push(...page.items);
  while (page.hasMore) {
    page = await db.jobSummaries.list(DEFAULT_PROJECT, { limit, after: found.at(-1)?.id }, filter);
    found.push(...page.items);
  }
  return found;
}

describe('the list of all jobs', () => {
  it('runs through both tables once, newest first, though many were made at once', async () => {
    const all = await walk({}, 7);
    expect(all).toHaveLength(2 * MADE);
    expect(new Set(all.map(({ id }) => id)).size).toBe(2 * MADE);
    const times = all.map(({ createdAt }) => createdAt.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(await walk({}, 1000)).toEqual(all);
  });

  it.each<[JobFilter, number]>([
    [{ kind: 'inference' }, 60],
    [{ kind: 'fine_tuning' }, 60],
    [{ status: 'cancelled' }, 15],
    [{ status: 'validating_files' }, 0],
    [{ model: 'alpha' }, 40],
    [{ model: 'alpha', kind: 'fine_tuning', status: 'queued' }, 15],
    [{ task: 'reviews' }, 12 + 10],
    [{ search: 'nice_ONE' }, 10],
    [{ search: 'nice%one' }, 0],
    [{ search: 'niceXone' }, 0],
    [{ search: 'suffix-1' }, 5],
    [{ search: 'PL-33' }, 1],
    [{ createdAfter: new Date('2026-01-01T00:00:02Z') }, 2 * (60 - 13)],
    [{ createdBefore: new Date('2026-01-01T00:00:02Z') }, 2 * 13],
    [{ createdAfter: new Date('2026-01-01T00:00:02Z'), createdBefore: new Date('2026-01-01T00:00:03Z') }, 14],
  ])('narrowed by %j has %d jobs, the same as matchesJob lets through', async (filter, count) => {
    const found = await walk(filter, 13);
    expect(found).toHaveLength(count);
    const all = await walk({}, 1000);
    expect(found).toEqual(all.filter((job) => matchesJob(job, filter)));
  });

  it('describes a job alone as in the list, with the task of its adapter', async () => {
    const [listed] = (await walk({ search: 'cmpl-12' }, 5)).filter(({ id }) => id === 'cmpl-12');
    expect(listed).toMatchObject({ adapter: 'ft:alpha:Nice_one:x1', task: 'reviews', kind: 'inference' });
    expect(await db.jobSummaries.getIn(DEFAULT_PROJECT, 'cmpl-12')).toEqual(listed);
    await expect(db.jobSummaries.list(DEFAULT_PROJECT, { limit: 1, after: 'cmpl-0' })).rejects.toMatchObject({
      code: 'unknown_cursor',
    });
  });
});

describe('another project', () => {
  it('sees nothing of these jobs, nor they of its own', async () => {
    await db.dataSource.query(`INSERT INTO project (id) VALUES ('elsewhere')`);
    const own = await addRequest(db, 'alpha', 'elsewhere');
    const page = await db.jobSummaries.list('elsewhere', { limit: 1000 });
    expect(page.items.map(({ id }) => id)).toEqual([own.id]);
    await expect(db.jobSummaries.getIn(DEFAULT_PROJECT, own.id)).rejects.toMatchObject({
      code: 'job_not_found',
    });
    await expect(db.jobSummaries.list('elsewhere', { limit: 1, after: 'cmpl-1' })).rejects.toMatchObject({
      code: 'unknown_cursor',
    });
    expect((await walk({}, 1000)).map(({ id }) => id)).not.toContain(own.id);
    expect(await db.projectFigures.read('elsewhere')).toMatchObject({
      jobs: 1,
      files: 0,
      adapters: 0,
      baseModels: 2,
    });
    expect(await db.projectFigures.read(DEFAULT_PROJECT)).toMatchObject({
      jobs: 2 * MADE,
      files: 1,
      adapters: 2,
    });
  });
});

describe('a curve', () => {
  const STEPS = 1000;
  const owner = newId('lease');

  beforeAll(async () => {
    await db.fineTuningJobs.claim('ftjob-1', owner, 60_000);
    const steps = Array.from({ length: STEPS }, (_, step) => ({ step, trainLoss: step }));
    await db.jobMetrics.append('ftjob-1', owner, steps);
    const validated = steps
      .filter(({ step }) => step % 150 === 7)
      .map(({ step }) => ({ step, validLoss: 1 }));
    await db.jobMetrics.append('ftjob-1', owner, validated);
  });

  it.each([20, 100, 999])('is thinned evenly to %d points, validation always kept', async (maxPoints) => {
    const curve = await db.jobMetrics.curve('ftjob-1', 0, maxPoints);
    expect(curve.length).toBeLessThanOrEqual(maxPoints);
    expect(curve.length).toBeGreaterThan(maxPoints * 0.8);
    const steps = curve.map(({ step }) => step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps).toEqual(expect.arrayContaining([7, 157, 307, 457, 607, 757, 907]));
    const plain = curve.filter(({ validLoss }) => validLoss === null).map(({ step }) => step);
    const gaps = plain.slice(1).map((step, place) => step - (plain[place] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil((2 * STEPS) / (maxPoints - 8)) + 1);
  });

  it('is whole where it fits, and goes on after a sequence with steps that were written again', async () => {
    const whole = await db.jobMetrics.curve('ftjob-1', 0, STEPS);
    expect(whole).toHaveLength(STEPS);
    const last = Math.max(...whole.map(({ sequence }) => sequence));
    await db.jobMetrics.append('ftjob-1', owner, [{ step: 5, validLoss: 3 }]);
    const later = await db.jobMetrics.curve('ftjob-1', last, 10);
    expect(later).toMatchObject([{ step: 5, trainLoss: 5, validLoss: 3 }]);
    expect(await db.jobMetrics.curve('ftjob-1', last + 1, 10)).toEqual([]);
    const few = await db.jobMetrics.curve('ftjob-1', 0, 2);
    expect(Math.max(...few.map(({ sequence }) => sequence))).toBe(last + 1);
  });
});
