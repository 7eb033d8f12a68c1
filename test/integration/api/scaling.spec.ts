import { DEFAULT_PROJECT, newId } from '@prad/domain';
import { AppError } from '@prad/errors';
import { JobProducer } from '@prad/queue';
import {
  Queue,
  createPostgresBackend,
  createRedisBackend,
  type BackendFactory,
  type ConnectionOptions,
  type IQueueBackend,
} from 'bullmq';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { addBaseModel, addJob, addRequest } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const redisUrl = inject('redisUrl');
const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;

async function ask(api: ApiHarness, pool: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${api.url}/internal/scaling/${pool}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe.each(backends)('scaling figures with the queue on %s', (backend) => {
  let api: ApiHarness;
  let trainings: Queue<unknown, void, string, unknown, void, string, IQueueBackend>;

  beforeAll(async () => {
    const databaseUrl = await createEmptyDatabase();
    const url = backend === 'redis' ? redisUrl : undefined;
    api = await startApi(databaseUrl, url);
    await api.stopWorker();
    const postgres = { connectionString: databaseUrl, schema: 'bullmq', migrate: true };
    const connection = (url === undefined ? postgres : { url }) as ConnectionOptions;
    const factory = (url === undefined ? createPostgresBackend : createRedisBackend) as BackendFactory;
    trainings = new Queue('train', { connection, prefix: 'bullmq' }, factory);
    await trainings.obliterate({ force: true });
    await addBaseModel(api.database, 'scaled');
  });

  afterAll(async () => {
    await trainings.close();
    await api.close();
  });

  it('counts waiting, prioritised and soon delayed trainings, and rows that the queue has lost', async () => {
    const producer = api.app.get(JobProducer);
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push((await addJob(api.database, 'scaled')).id);
    const [first, second, third, fourth, fifth] = ids as [string, string, string, string, string];
    const add = (id: string, options: object) =>
      trainings.add('train', { fineTuningJobId: id }, { jobId: id, ...options });
    // As an older version added them; today each has a priority.
    for (const id of [first, second]) await add(id, {});
    await producer.add('train', { fineTuningJobId: third });
    await add(fourth, { delay: 10_000 });
    await add(fifth, { delay: 600_000 });
    expect(await ask(api, 'train')).toEqual({
      status: 200,
      body: {
        ...{ pool: 'train', waiting: 2, prioritized: 1, due: 1, active: 0, unqueued: 2, paused: 0 },
        ...{ needed: 6, unclaimed: 6 },
      },
    });
  });

  it('leaves out what a paused queue holds back', async () => {
    await trainings.pause();
    expect((await ask(api, 'train')).body).toMatchObject({ waiting: 0, paused: 4, active: 0, needed: 0 });
    await trainings.resume();
    expect((await ask(api, 'train')).body).toMatchObject({ waiting: 2, paused: 0, needed: 6 });
  });

  it('adds up the roles of a pool, and counts requests whose worker died as long as nobody took them up', async () => {
    const { inferenceJobs } = api.database;
    const dead = await addRequest(api.database, 'scaled');
    await inferenceJobs.claim(dead.id, newId('lease'), 1);
    expect((await ask(api, 'generate')).body).toMatchObject({ pool: 'generate', unqueued: 1, needed: 1 });
    expect((await ask(api, 'train,generate')).body).toMatchObject({ pool: 'train,generate', needed: 7 });
    expect((await ask(api, 'import')).body).toMatchObject({ needed: 0 });
    const living = await addRequest(api.database, 'scaled');
    await inferenceJobs.claim(living.id, newId('lease'), 60_000);
    expect((await ask(api, 'generate')).body).toMatchObject({ needed: 2, unclaimed: 1 });
  });

  it('counts what a worker is at work on, until it is done', async () => {
    for (const { id } of (await api.database.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 100 })).items)
      await api.database.fineTuningJobs.requestCancel(id);
    await trainings.obliterate({ force: true });
    expect((await ask(api, 'train')).body).toMatchObject({ needed: 0 });
    const { id } = await addJob(api.database, 'scaled');
    await api.app.get(JobProducer).add('train', { fineTuningJobId: id });
    await api.startWorker();
    await vi.waitFor(async () => {
      expect((await ask(api, 'train')).body).toMatchObject({ waiting: 0, active: 1, needed: 1 });
    });
    await trainings.pause();
    expect((await ask(api, 'train')).body).toMatchObject({ active: 1, needed: 1 });
    await vi.waitFor(
      async () => {
        expect((await ask(api, 'train')).body).toMatchObject({ needed: 0 });
      },
      { timeout: 10_000 },
    );
    await trainings.resume();
  });

  it('answers 503 instead of a number that is wrong', async () => {
    const kind = 'unavailable';
    const down = new AppError({ kind, code: 'queue_unavailable', message: 'the queue is down' });
    const depth = vi.spyOn(api.app.get(JobProducer), 'depth').mockRejectedValue(down);
    const answer = await ask(api, 'train');
    depth.mockRejectedValue(new Error('Connection terminated'));
    const foreign = await ask(api, 'train');
    depth.mockRestore();
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'queue_unavailable' } } });
    expect(foreign).toMatchObject({ status: 503, body: { error: { code: 'demand_unknown' } } });
  });

  it('refuses a pool that is none', async () => {
    expect(await ask(api, 'train,serve')).toMatchObject({
      status: 400,
      body: { error: { code: 'unknown_role', param: 'pool' } },
    });
  });
});

describe('who may ask for scaling figures', () => {
  const token = 'token-of-the-autoscaler';
  let open: ApiHarness;
  let closed: ApiHarness;

  beforeAll(async () => {
    const databaseUrl = await createEmptyDatabase();
    open = await startApi(databaseUrl);
    closed = await startApi(databaseUrl, undefined, { scalingToken: token });
  });

  afterAll(async () => {
    await open.close();
    await closed.close();
  });

  it('is who shows the token', async () => {
    expect(await ask(closed, 'train', { authorization: `Bearer ${token}` })).toMatchObject({ status: 200 });
    for (const headers of [{}, { authorization: 'Bearer token-of-somebody-els' }, { authorization: token }]) {
      const answer = await ask(closed, 'train', headers);
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'bad_scaling_token' } } });
      expect(JSON.stringify(answer.body)).not.toContain(token);
    }
  });

  it('is this machine alone without a token', async () => {
    expect(await ask(open, 'train')).toMatchObject({ status: 200 });
    expect(await ask(open, 'train', { 'x-forwarded-for': '10.0.0.7' })).toMatchObject({ status: 403 });
  });

  it('is not another machine without a token', async () => {
    const request = { method: 'GET', url: '/internal/scaling/train' } as const;
    for (const remoteAddress of ['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1']) {
      const answer = await open.app.inject({ ...request, remoteAddress });
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ error: { code: 'scaling_token_not_set' } });
    }
    for (const remoteAddress of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect((await open.app.inject({ ...request, remoteAddress })).statusCode).toBe(200);
    }
  });
});
