import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@prad/database';
import { ApiClient } from '../../../apps/cli/src/api/api-client.js';
import { readSettings } from '../../../apps/cli/src/env.js';
import { Child } from '../../../apps/cli/src/stack/child.js';
import { createEmptyDatabase } from '../../integration/support/test-database.js';

/** Leases are this short, so that work of a killed worker is taken up soon. */
export const LEASE_MS = 2_000;

export interface ClusterOptions {
  readonly redisUrl?: string | undefined;
  /** An empty database; a new one on the run's server unless given. */
  readonly databaseUrl?: string;
  /** An existing folder for the blobs; a new one unless given. */
  readonly dataFolder?: string;
  /** Beside or instead of what is set below, for the API and every worker. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The API and its workers as processes of the built apps, on a database of their own. */
export class Cluster {
  readonly workers: Child[] = [];
  readonly lines: string[] = [];

  private constructor(
    readonly client: ApiClient,
    readonly database: Database,
    readonly dataFolder: string,
    readonly api: Child,
    /** What workers are told, for those that a test starts itself. */
    readonly workerEnvironment: Readonly<Record<string, string | undefined>>,
    private readonly isOwnFolder: boolean,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { redisUrl, dataFolder, environment: more } = options;
    const databaseUrl = options.databaseUrl ?? (await createEmptyDatabase());
    const folder = dataFolder ?? (await mkdtemp(join(tmpdir(), 'prad-e2e-')));
    await chmod(folder, 0o711);
    const environment = {
      ...readSettings().environment,
      ...{
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        PRAD_DATA_DIR: folder,
        HOST: '127.0.0.1',
        PORT: '0',
      },
      ...{ LOG_LEVEL: 'warn', DRAIN_MS: '1000', WORKER_LEASE_MS: String(LEASE_MS), INTRA_OP_THREADS: '1' },
      ...more,
    };
    const lines: string[] = [];
    const api = new Child({
      ...{ app: 'api', environment, ready: /listening on http/ },
      onLine: (line) => lines.push(line),
    });
    const line = await api.ready();
    const client = new ApiClient(/http:\/\/\S+/.exec(line)?.[0] ?? '');
    const database = await openDatabase({ url: databaseUrl, poolSize: 2 });
    const cluster = new Cluster(client, database, folder, api, environment, dataFolder === undefined);
    cluster.lines.push(...lines);
    return cluster;
  }

  /** Starts a worker and resolves when it takes jobs. */
  async startWorker(environment: Readonly<Record<string, string>> = {}): Promise<Child> {
    const worker = new Child({
      ...{
        app: 'worker',
        environment: { ...this.workerEnvironment, ...environment },
        ready: /^prad worker ready/,
      },
      onLine: (line) => this.lines.push(line),
    });
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  async stop(): Promise<void> {
    await this.api.stop(10_000);
    await Promise.all(this.workers.map((worker) => worker.stop(20_000)));
    await this.database.close();
    if (this.isOwnFolder) await rm(this.dataFolder, { recursive: true, force: true });
  }
}
