import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@prad/database';
import type { TestProject } from 'vitest/node';
import { startRedis } from './redis-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's address on the one PostgreSQL server of this run. */
    readonly postgresUrl: string;
    /** Undefined where there is no redis-server. */
    readonly redisUrl: string | undefined;
  }
}

/** Starts one PostgreSQL, and one Redis where redis-server is found, for all integration tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-integration-'));
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), durable: false });
  const redis = await startRedis(folder);
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', redis?.url);
  return async () => {
    await redis?.stop();
    await postgres.stop();
    await rm(postgres.location, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
}
