import { openDatabase, startEmbeddedPostgres, type Database } from '@prad/database';
import type { CliSettings } from '../env.js';
import { postgresFolder } from './postgres-folder.js';

/**
 * Gives `use` the rows themselves, for what no API offers: those at DATABASE_URL, else of the embedded PostgreSQL on the
 * data folder, which is joined where a server runs on it and else runs for as long as `use` takes.
 */
export async function withDatabase<T>(
  { databaseUrl, dataFolder }: CliSettings,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) return withRows(databaseUrl, use);
  const postgres = await startEmbeddedPostgres({ dataDir: postgresFolder(dataFolder) });
  try {
    return await withRows(postgres.url, use);
  } finally {
    await postgres.stop();
  }
}

async function withRows<T>(url: string, use: (database: Database) => Promise<T>): Promise<T> {
  // One holds the lock while another runs migrations.
  const database = await openDatabase({ url, poolSize: 2 });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}
