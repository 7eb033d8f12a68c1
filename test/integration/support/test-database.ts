import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '@prad/database';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase extends Database {
  readonly url: string;
}

/** The address of a new, empty database on the run's PostgreSQL server. */
export async function createEmptyDatabase(): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = inject('postgresUrl');
  const client = new Client({ connectionString: admin });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.toString();
}

/** A new database with the real migrations: one for each test file. The server's end removes it. */
export async function openTestDatabase(poolSize = 10): Promise<TestDatabase> {
  const url = await createEmptyDatabase();
  return { ...(await openDatabase({ url, poolSize })), url };
}
