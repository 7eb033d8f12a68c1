import { AppError } from '@prad/errors';
import type { DataSource } from 'typeorm';

/** Any constant number, the same in every process of this system. */
const MIGRATION_LOCK = 7_274_191;

/**
 * Runs pending migrations. Of several processes that start at once one runs them, under an advisory lock,
 * and the others wait and then find nothing left to do. Returns the names of the migrations it ran.
 */
export async function runPendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      const done = await dataSource.runMigrations({ transaction: 'each' });
      return done.map(({ name }) => name);
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } catch (error) {
    throw new AppError({
      kind: 'unavailable',
      code: 'migration_failed',
      message: `the database could not be brought up to date: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  } finally {
    await runner.release();
  }
}
