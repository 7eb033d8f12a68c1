import { randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { adapterVersions, adapters, baseModels, dataFiles } from './seed-models.js';
import { curves, events, fineTuningJobs, inferenceJobs } from './seed-statements.js';

export interface SeedPlan {
  readonly jobs: number;
  /** Hears of each step as it begins. */
  readonly onStep: (text: string) => void;
}

/** One in this many jobs is a training. */
const TRAINING_SHARE = 10;
/** So many of the newest trainings get events and curves. */
const TOLD = 25;
const POINTS = 2_000;

/**
 * Fills the database with jobs as they gather over a quarter: both kinds, all statuses, ever denser towards now, with
 * their models, files and adapters. Ids and names are new in every call. The rows name blobs that are not
 * there, so it is for looking and measuring, not for work.
 */
export async function seedJobs(dataSource: DataSource, { jobs, onStep }: SeedPlan): Promise<void> {
  const tag = randomBytes(4).toString('hex');
  const trainings = Math.max(1, Math.round(jobs / TRAINING_SHARE));
  const requests = jobs - trainings;
  await dataSource.transaction(async (manager) => {
    const run = (sql: string, ...parameters: readonly unknown[]) => manager.query(sql, [...parameters]);
    // The same figures in every database; only ids differ.
    await run('SELECT setseed(0.25)');
    onStep('base models and data files');
    await run(baseModels, tag);
    await run(dataFiles, tag);
    onStep(`${trainings} fine-tuning jobs`);
    await draftTrainings(manager, tag, trainings);
    await run(adapters);
    await run(fineTuningJobs);
    await run(adapterVersions);
    onStep(`${requests} inference jobs`);
    await run(inferenceJobs, tag, requests);
    onStep(`events and curves of ${Math.min(TOLD, trainings)} fine-tuning jobs`);
    await run(events, TOLD);
    await run(curves, TOLD, POINTS);
  });
  onStep('statistics');
  // As autovacuum would, which has not had the time.
  await dataSource.query('VACUUM ANALYZE');
}

/** The trainings before they are written, for their adapters must be there first. */
async function draftTrainings(manager: EntityManager, tag: string, count: number): Promise<void> {
  await manager.query(
    `CREATE TEMPORARY TABLE draft ON COMMIT DROP AS
     SELECT i, 'ftjob-' || substr(md5($1::text || 'job' || i), 1, 24) AS id,
       'seed-' || (ARRAY['tiny', 'small', 'large'])[1 + i % 3] || '-' || $1::text AS model,
       (ARRAY['reviews', 'places', 'names', 'goods', 'sums', NULL])[1 + floor(random() * 6)::int] AS task,
       CASE WHEN i % 4 > 0 THEN 'team-' || i % 40 END AS suffix,
       (ARRAY['adapter', 'lora'])[1 + i % 2] AS method,
       now() - interval '90 days' * power(1 - i::float8 / $2::int, 2) AS created_at,
       CASE WHEN i > $2::int - 5 THEN 'running' WHEN i > $2::int - 20 THEN 'queued' WHEN random() < 0.82 THEN 'succeeded'
         WHEN random() < 0.6 THEN 'failed' ELSE 'cancelled' END AS status,
       substr(md5($1::text || 'tag' || i), 1, 8) AS tag
     FROM generate_series(1, $2::int) AS i`,
    [tag, count],
  );
}
