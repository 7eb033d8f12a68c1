import { AppError } from '@prad/errors';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';
import { runPendingMigrations } from './migrate.js';

export interface DatabaseOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Most connections of this process; 10 unless given. */
  readonly poolSize?: number | undefined;
  /** Whether pending migrations are run first; true unless given. */
  readonly migrate?: boolean | undefined;
}

const DEFAULT_POOL_SIZE = 10;

/** A data source that is not yet connected. */
export function createDataSource(url: string, poolSize = DEFAULT_POOL_SIZE): DataSource {
  return new DataSource(dataSourceOptions(url, poolSize));
}

/** A connected data source whose tables are up to date. Throws unavailable `database_unreachable` or `migration_failed`. */
export async function openDataSource(options: DatabaseOptions): Promise<DataSource> {
  const { url, poolSize = DEFAULT_POOL_SIZE, migrate = true } = options;
  const dataSource = createDataSource(url, poolSize);
  try {
    await dataSource.initialize();
  } catch (error) {
    throw unreachable(url, error);
  }
  try {
    if (migrate) await runPendingMigrations(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}

function unreachable(url: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new AppError({
    kind: 'unavailable',
    code: 'database_unreachable',
    message: `cannot connect to the database at ${withoutPassword(url)}: ${reason}`,
    cause,
  });
}

/** The address as it may be logged. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'an address that is no URL';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.toString();
}
