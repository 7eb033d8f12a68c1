import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@prad/database';
import { freePort } from '../../integration/support/free-port.js';
import { startRedis } from '../../integration/support/redis-server.js';
import { Cluster } from './cluster.js';
import { mountSmallDisk, type SmallDisk } from './small-disk.js';
import { until } from './until.js';
import { workerEnvironment, workerFaults, type Fault } from './worker-faults.js';

/** A cluster with one worker and what may befall it. */
export interface Scene {
  readonly cluster: Cluster;
  readonly faults: Readonly<Record<string, Fault>>;
  close(): Promise<void>;
}

/** Draws a whole number of milliseconds. */
type Below = (milliseconds: number) => number;

/** Names of the faults of a scene, and why some cannot be brought about on this machine. */
export interface Stage {
  readonly names: readonly string[];
  readonly leftOut: Readonly<Record<string, string>>;
  open(): Promise<Scene>;
}

const DISK_FULL = 'the disk is full';
/** Those of a short run come first. */
const postgresFaults = [
  'SIGKILL in a step',
  'Postgres is restarted',
  DISK_FULL,
  'SIGTERM, then SIGKILL of the next',
  'SIGKILL as a checkpoint is stored',
  'SIGKILL as a state is stored',
  'SIGTERM in a step',
  'Postgres cuts all connections',
];

/** Rows and queue on a Postgres of its own, blobs on a disk that can be filled. */
export async function postgresStage(below: Below): Promise<Stage> {
  const disk = await mountSmallDisk();
  const isMounted = 'folder' in disk;
  return {
    names: postgresFaults.filter((name) => isMounted || name !== DISK_FULL),
    leftOut: isMounted ? {} : { [DISK_FULL]: disk.refused },
    open: () => postgresScene(below, isMounted ? disk : undefined),
  };
}

async function postgresScene(below: Below, disk: SmallDisk | undefined): Promise<Scene> {
  const home = await mkdtemp(join(tmpdir(), 'prad-faults-'));
  const dataDir = join(home, 'postgres');
  const port = await freePort();
  const start = () => startEmbeddedPostgres({ dataDir, port, durable: false });
  let postgres = await start();
  const folder = disk === undefined ? {} : { dataFolder: disk.folder };
  const cluster = await Cluster.start({ databaseUrl: postgres.url, ...folder });
  await cluster.startWorker(workerEnvironment);
  const faults = {
    ...workerFaults(cluster, below),
    'Postgres cuts all connections': () => cutOff(cluster),
    'Postgres is restarted': async () => {
      await postgres.stop();
      await sleep(below(1_500));
      postgres = await start();
    },
    ...(disk && { [DISK_FULL]: (jobId: string) => disk.whileFull(() => toldOfFullDisk(cluster, jobId)) }),
  };
  return {
    cluster,
    faults,
    async close() {
      await cluster.stop();
      await postgres.stop();
      await disk?.remove();
      await rm(postgres.location, { recursive: true, force: true });
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function cutOff({ database }: Cluster): Promise<void> {
  await database.dataSource
    .query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    .catch(() => undefined);
}

async function toldOfFullDisk({ client }: Cluster, jobId: string): Promise<void> {
  await until('an event that tells of the full disk', async () => {
    const { status } = await client.job(jobId);
    if (status === 'succeeded') throw new Error('the job ended in spite of the full disk');
    const events = await client.jobEvents(jobId);
    return events.find(({ data }) => data['code'] === 'disk_full');
  });
}

/** The queue on a Redis of its own. */
export async function redisStage(below: Below): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-faults-redis-'));
  const probe = await startRedis(folder);
  await probe?.stop();
  const names = ['Redis is restarted', 'Redis is restarted and empty'];
  await rm(folder, { recursive: true, force: true });
  if (probe !== undefined) return { names, leftOut: {}, open: () => redisScene(below) };
  const why = 'redis-server is not installed';
  const open = () => Promise.reject(new Error(why));
  return { names: [], leftOut: Object.fromEntries(names.map((name) => [name, why])), open };
}

async function redisScene(below: Below): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-faults-redis-'));
  const port = await freePort();
  const start = async () => (await startRedis(folder, { port, durable: true }))!;
  let redis = await start();
  const cluster = await Cluster.start({ redisUrl: redis.url });
  await cluster.startWorker(workerEnvironment);
  const restarted = async (meanwhile: () => Promise<void>) => {
    await redis.stop();
    await meanwhile();
    await sleep(below(1_500));
    redis = await start();
  };
  return {
    cluster,
    faults: {
      'Redis is restarted': () => restarted(() => Promise.resolve()),
      'Redis is restarted and empty': () =>
        restarted(() => rm(join(folder, 'appendonlydir'), { recursive: true })),
    },
    async close() {
      await cluster.stop();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
