import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, startEmbeddedPostgres, type Database } from '@prad/database';
import { readSettings } from '../../apps/cli/src/env.js';
import { Child } from '../../apps/cli/src/stack/child.js';

/** API and worker as processes, as `prad up` starts them, on a database of their own. */
export interface Server {
  readonly url: string;
  readonly database: Database;
  readonly api: Child;
  readonly worker: Child;
}

/**
 * Starts it in a temporary folder with these settings, hands it to `use`, and stops and removes it. What the parts log as
 * warnings goes to stderr.
 */
export async function withServer<T>(
  settings: Readonly<Record<string, string>>,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-load-'));
  // The embedded database may run as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  const database = await openDatabase({ url: postgres.url, poolSize: 2 });
  const environment = {
    ...readSettings().environment,
    ...{ DATABASE_URL: postgres.url, PRAD_DATA_DIR: folder, HOST: '127.0.0.1', PORT: '0' },
    // One client plays many users.
    ...{ LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '0', ...settings },
  };
  const children: Child[] = [];
  const start = (app: string, ready: RegExp): Child => {
    const child = new Child({
      ...{ app, environment, ready },
      onLine: (line) => {
        console.error(`${app}: ${line}`);
      },
    });
    children.push(child);
    return child;
  };
  try {
    const api = start('api', /listening on http/);
    const url = /http:\/\/\S+/.exec(await api.ready())?.[0] ?? '';
    const worker = start('worker', /^prad worker ready/);
    await worker.ready();
    return await use({ url, database, api, worker });
  } finally {
    for (const child of children) await child.stop(20_000);
    await database.close();
    await postgres.stop();
    await rm(postgres.location, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
