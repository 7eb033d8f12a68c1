import { parseArgs } from 'node:util';
import { databaseEnv, loadEnv } from '@prad/config';
import { openDatabase } from '@prad/database';
import { AppError } from '@prad/errors';
import { seedJobs } from './jobs/seed-jobs.js';

/** `npm run seed -- --jobs 100000` fills the database of DATABASE_URL with jobs to look at and to measure with. */
async function main(): Promise<void> {
  const jobs = Number(parseArgs({ options: { jobs: { type: 'string', default: '100000' } } }).values.jobs);
  if (!Number.isInteger(jobs) || jobs < 100) throw usage(`--jobs must be a whole number from 100 on`);
  const { DATABASE_URL: url } = loadEnv(databaseEnv);
  if (url === undefined) throw usage('set DATABASE_URL to the PostgreSQL database that is to be filled');
  const database = await openDatabase({ url, poolSize: 2 });
  const begun = Date.now();
  const onStep = (text: string) => {
    console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${text}`);
  };
  try {
    await seedJobs(database.dataSource, { jobs, onStep });
  } finally {
    await database.close();
  }
  onStep(`done: ${jobs} jobs more`);
}

function usage(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'bad_usage', message });
}

await main().catch((error: unknown) => {
  console.error(error instanceof AppError ? `seed: ${error.message}` : error);
  process.exit(1);
});
