import { spawn } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@prad/errors';
import type { Binaries } from './embedded-postgres-binaries.js';
import { DATABASE_NAME, DATABASE_USER, type Cluster } from './embedded-postgres-cluster.js';
import { errorText, explainFailure } from './embedded-postgres-error.js';
import { poll } from './poll.js';
import { answers, isRunning, isServerOf, readPostmaster, withClient, type Postmaster } from './postmaster.js';
import type { Account } from './server-account.js';
import { spawnOptions } from './server-spawn.js';

const LOOPBACK = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const ATTEMPTS = 25;
const LARGEST_LOG_BYTES = 16 * 1024 * 1024;

export interface ServerSetting {
  readonly home: string;
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** Undefined for any free port. */
  readonly port: number | undefined;
  readonly durable: boolean;
}

export interface RunningServer extends Postmaster {
  /** True when this call started it. */
  readonly started: boolean;
}

export function addressOf(port: number, password: string, database: string): string {
  return `postgres://${DATABASE_USER}:${password}@${LOOPBACK}:${String(port)}/${database}`;
}

/** A server that answers on this cluster: the running one, or a new one; stale locks of killed servers are overcome. */
export async function runServer(setting: ServerSetting): Promise<RunningServer> {
  const { dataFolder } = setting.cluster;
  let output = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await findRunning(setting);
    if (found !== undefined) return { ...found, started: false };
    const outcome = await launch(setting);
    if (typeof outcome !== 'string') return { ...outcome, started: true };
    output = outcome;
    // Another process may have started it meanwhile, or children of a killed server still hold its memory.
    const retry = /postmaster\.pid|pre-existing shared memory|could not bind|Address already in use/i;
    if (!retry.test(output) || (setting.port !== undefined && /bind|in use/i.test(output))) break;
    await sleep(200);
  }
  throw explainFailure(`start on ${dataFolder}`, output);
}

async function findRunning({ cluster }: ServerSetting): Promise<Postmaster | undefined> {
  const { dataFolder, password } = cluster;
  const found = await poll(START_TIMEOUT_MS, async () => {
    const lock = await readPostmaster(dataFolder);
    if (lock === undefined || !isRunning(lock.pid)) return 'none';
    if (!(await isServerOf(lock.pid, dataFolder))) {
      // The number of a killed server now belongs to another program, which the server would take for itself.
      await rm(join(dataFolder, 'postmaster.pid'), { force: true });
      return 'none';
    }
    const answering = await answers(addressOf(lock.port, password, 'postgres'), dataFolder);
    return answering ? lock : undefined;
  });
  if (found !== undefined) return found === 'none' ? undefined : found;
  throw new AppError({
    kind: 'unavailable',
    code: 'postgres_not_answering',
    message:
      `an embedded PostgreSQL runs on ${dataFolder} but does not answer: ` +
      'end it, or set DATABASE_URL to a PostgreSQL server of your own',
  });
}

/** The new server once it answers, or what it wrote before it gave up. */
async function launch(setting: ServerSetting): Promise<Postmaster | string> {
  const { home, cluster, binaries, account, durable } = setting;
  const port = setting.port ?? (await freePort());
  const logPath = join(home, 'postgres.log');
  const size = (await stat(logPath).catch(() => undefined))?.size ?? 0;
  const log = await open(logPath, size > LARGEST_LOG_BYTES ? 'w+' : 'a+', 0o600);
  try {
    const { size: start } = await log.stat();
    const child = spawn(binaries.postgres, serverArguments(cluster.dataFolder, port, durable), {
      ...spawnOptions(account),
      stdio: ['ignore', log.fd, log.fd],
      // Ctrl-C reaches the whole process group of a terminal; the server is to outlive those who use it.
      detached: true,
    });
    child.unref();
    let problem: string | undefined;
    child.on('error', (error) => (problem = errorText(error)));
    child.on('exit', (code, signal) => (problem ??= `it ended with ${String(code ?? signal)}`));
    const url = addressOf(port, cluster.password, 'postgres');
    const pid = await poll(START_TIMEOUT_MS, async () => {
      if (problem !== undefined) return 'ended';
      return (await answers(url, cluster.dataFolder)) ? child.pid : undefined;
    });
    if (typeof pid === 'number') return { pid, port };
    child.kill('SIGQUIT');
    return `${await textFrom(log, start)}\n${problem ?? 'it did not answer in time'}`;
  } finally {
    await log.close();
  }
}

function serverArguments(dataFolder: string, port: number, durable: boolean): string[] {
  const settings = {
    listen_addresses: LOOPBACK,
    unix_socket_directories: '',
    max_connections: '200',
    io_method: 'sync',
    wal_level: 'minimal',
    max_wal_senders: '0',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataFolder, '-p', String(port), ...flags];
}

async function textFrom(file: Awaited<ReturnType<typeof open>>, start: number): Promise<string> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** Makes the system's database where it is missing. */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  await withClient(addressOf(port, password, 'postgres'), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
    if (rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${DATABASE_NAME}`).catch((error: unknown) => {
      const { code } = error as { code?: string };
      // Two processes that start at once both try; the later one is told that it exists.
      if (code !== '42P04' && code !== '23505') throw error;
    });
  });
}
