import { setTimeout as sleep } from 'node:timers/promises';
import { jobList, jobSummary, overview, workerList, type JobSummaryObject } from '@prad/contracts';
import { newId } from '@prad/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addBaseModel, addJob, addRequest } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';
import { sentEvents } from './event-source.js';

const redisUrl = inject('redisUrl');
const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;
const LEASE_MS = 30_000;

describe.each(backends)('an operator with the queue on %s', (backend) => {
  let api: ApiHarness;
  const model = `op-${backend}`;

  beforeAll(async () => {
    api = await startApi(await createEmptyDatabase(), backend === 'redis' ? redisUrl : undefined);
    await addBaseModel(api.database, model);
    await api.stopWorker();
  });

  afterAll(() => api.close());

  async function get<T>(path: string, schema: { parse: (value: unknown) => T }): Promise<T> {
    const response = await fetch(`${api.url}/v1/${path}`);
    expect(response.status).toBe(200);
    return schema.parse(await response.json());
  }

  function cancel(id: string): Promise<Response> {
    return fetch(`${api.url}/v1/jobs/${id}/cancel`, { method: 'POST' });
  }

  /** Asks for text that no worker gives; the answer that the client gets in the end. */
  function ask(prompt: string): Promise<Response> {
    const body = JSON.stringify({ model, prompt, max_tokens: 60 });
    return fetch(`${api.url}/v1/completions`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
    });
  }

  async function newestRequest(): Promise<JobSummaryObject> {
    await expect
      .poll(async () => (await get('jobs?kind=inference&status=queued', jobList)).data.length)
      .toBeGreaterThan(0);
    const [job] = (await get('jobs?kind=inference&status=queued', jobList)).data;
    return jobSummary.parse(job);
  }

  it('sees the queues, and cancels a waiting request whose client then hears of it', async () => {
    const answer = ask('w');
    const { id } = await newestRequest();
    const seen = await get('overview', overview);
    expect(seen.queues.map(({ name }) => name)).toEqual(['train', 'generate', 'evaluate', 'import']);
    expect(seen.queues.find(({ name }) => name === 'generate')).toMatchObject({
      prioritized: 1,
      paused: false,
    });
    expect(await (await cancel(id)).json()).toMatchObject({ id, status: 'cancelled', kind: 'inference' });
    await api.startWorker();
    expect((await answer).status).toBe(499);
    const again = await cancel(id);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: { code: 'illegal_status' } });
    await api.stopWorker();
  });

  it('cancels a running request, which its worker then stops', async () => {
    await api.startWorker();
    const answer = ask('slow');
    await expect
      .poll(async () => (await get('jobs?status=running', jobList)).data.map(({ kind }) => kind))
      .toEqual(['inference']);
    const [running] = (await get('jobs?status=running', jobList)).data;
    const id = running?.id ?? '';
    expect(await (await cancel(id)).json()).toMatchObject({ status: 'running', cancel_requested: true });
    expect((await answer).status).toBe(499);
    expect(api.generator.cancelled).toContain(id);
    expect(await get(`jobs/${id}`, jobSummary)).toMatchObject({ status: 'cancelled' });
    await api.stopWorker();
  });
});

describe('an operator', () => {
  let api: ApiHarness;

  beforeAll(async () => {
    api = await startApi(await createEmptyDatabase());
    await api.stopWorker();
    await addBaseModel(api.database, 'view-base');
    await addBaseModel(api.database, 'other-base');
  });

  afterAll(() => api.close());

  async function jobs(query: string): Promise<JobSummaryObject[]> {
    const response = await fetch(`${api.url}/v1/jobs?${query}`);
    expect(response.status).toBe(200);
    return jobList.parse(await response.json()).data;
  }

  async function readOverview() {
    return overview.parse(await (await fetch(`${api.url}/v1/overview`)).json());
  }

  it('sees an empty cluster', async () => {
    expect(await readOverview()).toMatchObject({
      workers: { alive: 0, by_role: {} },
      ...{ running: [], tokens_per_second: { training: 0, generation: 0 }, failed_last_hour: 0 },
      totals: { base_models: 2, adapters: 0, files: 0, jobs: 0 },
    });
  });

  it('sees what runs, how fast, and what failed', async () => {
    const { database } = api;
    const failure = { code: 'broken', message: 'it broke', param: null };
    const running = await addJob(database, 'view-base');
    const owner = newId('lease');
    await database.fineTuningJobs.claim(running.id, owner, LEASE_MS);
    await database.fineTuningJobs.heartbeat(running.id, owner, LEASE_MS, { step: 3, total: 9 });
    await database.jobMetrics.append(running.id, owner, [
      { step: 2, tokensPerSecond: 50 },
      { step: 3, tokensPerSecond: 70 },
    ]);
    await database.jobMetrics.append(running.id, owner, [{ step: 0, validLoss: 2 }]);
    const lost = await addJob(database, 'view-base');
    await database.fineTuningJobs.claim(lost.id, 'dead', 1_000);
    await database.jobMetrics.append(lost.id, 'dead', [{ step: 1, tokensPerSecond: 1000 }]);
    const answered = await addRequest(database, 'view-base');
    await database.inferenceJobs.claim(answered.id, owner, LEASE_MS);
    await database.inferenceJobs.succeed(answered.id, owner, {
      ...{ result: {}, timings: { queueMs: 1, prefillMs: 1, decodeMs: 1 } },
      usage: { promptTokens: 1000, completionTokens: 120 },
    });
    await database.inferenceJobs.reject((await addRequest(database, 'view-base')).id, failure);
    await database.fineTuningJobs.reject((await addJob(database, 'other-base')).id, failure);
    await expect
      .poll(async () => (await readOverview()).tokens_per_second)
      .toEqual({ training: 70, generation: 2 });
    const seen = await readOverview();
    expect(seen.running.map(({ id }) => id)).toEqual([lost.id, running.id]);
    expect(seen.running[1]).toMatchObject({ progress: { step: 3, total: 9 }, name: 'reviews', tokens: null });
    expect(seen).toMatchObject({ failed_last_hour: 2, totals: { base_models: 2, files: 3, jobs: 5 } });
    expect((await jobs('status=succeeded'))[0]).toMatchObject({ id: answered.id, tokens: 1120 });
    expect(await jobs('status=failed&kind=fine_tuning')).toMatchObject([
      { error: { code: 'broken', message: 'it broke' }, model: 'other-base' },
    ]);
  });

  it('sees workers that reported lately', async () => {
    const id = newId('worker');
    const facts = { id, device: 'cpu', host: 'here', pid: 7, slots: 4 } as const;
    await api.database.workerNodes.register({ ...facts, roles: ['train', 'generate'] });
    await api.database.workerNodes.report(id, { currentWork: ['ftjob-1'], memoryBytes: 5e9 });
    const silent = newId('worker');
    await api.database.workerNodes.register({ ...facts, id: silent, roles: ['train'] });
    await api.database.dataSource.query(
      `UPDATE worker_node SET heartbeat_at = clock_timestamp() - interval '30 seconds' WHERE id = $1`,
      [silent],
    );
    const listed = workerList.parse(await (await fetch(`${api.url}/v1/workers`)).json());
    expect(listed.data).toMatchObject([
      {
        ...facts,
        object: 'worker',
        roles: ['train', 'generate'],
        current_work: ['ftjob-1'],
        memory_bytes: 5e9,
      },
    ]);
    expect((await readOverview()).workers).toEqual({ alive: 1, by_role: { train: 1, generate: 1 } });
  });

  it('follows changes of jobs live, whatever their status', async () => {
    const { database } = api;
    const controller = new AbortController();
    const response = await fetch(`${api.url}/v1/jobs/stream?model=view-base&kind=fine_tuning`, {
      signal: controller.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const seen: JobSummaryObject[] = [];
    const reading = (async () => {
      for await (const { data } of sentEvents(response)) seen.push(jobSummary.parse(JSON.parse(data)));
    })().catch(() => undefined);
    await addRequest(database, 'view-base');
    await addJob(database, 'other-base');
    const { id } = await addJob(database, 'view-base');
    const statuses = () => seen.map((job) => `${job.status} ${job.progress?.step ?? '-'}`);
    await expect.poll(statuses, { timeout: 10_000 }).toEqual(['queued -']);
    await database.fineTuningJobs.claim(id, 'me', LEASE_MS);
    await expect.poll(statuses, { timeout: 10_000 }).toEqual(['queued -', 'running -']);
    await database.fineTuningJobs.heartbeat(id, 'me', LEASE_MS, { step: 1, total: 2 });
    await expect.poll(() => statuses().at(-1), { timeout: 10_000 }).toBe('running 1');
    // A heartbeat that says nothing new changes nothing.
    await database.fineTuningJobs.heartbeat(id, 'me', LEASE_MS, { step: 1, total: 2 });
    await sleep(1_200);
    expect(seen).toHaveLength(3);
    await database.fineTuningJobs.requestCancel(id);
    await database.fineTuningJobs.cancel(id, 'me');
    await expect.poll(() => statuses().at(-1), { timeout: 10_000 }).toBe('cancelled 1');
    expect(new Set(seen.map((job) => job.id))).toEqual(new Set([id]));
    controller.abort();
    await reading;
  });

  it.each([
    ['jobs?status=done', 400, 'status'],
    ['jobs?limit=0', 400, 'limit'],
    ['jobs?name=x', 400, 'name'],
    ['jobs?created_after=yesterday', 400, 'created_after'],
    ['jobs?after=cmpl-none', 400, 'after'],
    ['jobs/stream?status=running', 400, 'status'],
  ])('is refused %s', async (path, status, param) => {
    const response = await fetch(`${api.url}/v1/${path}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it.each(['jobs/ftjob-none', 'jobs/cmpl-none'])('finds no %s', async (path) => {
    const response = await fetch(`${api.url}/v1/${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'job_not_found' } });
    expect((await fetch(`${api.url}/v1/${path}/cancel`, { method: 'POST' })).status).toBe(404);
  });
});

describe('an operator of one project', () => {
  it('sees, follows and cancels its jobs alone, and the workers and queues of all', async () => {
    const api = await startApi(await createEmptyDatabase(), undefined, { apiKeys: ['mine'] });
    await api.stopWorker();
    const { database } = api;
    await addBaseModel(database, 'shared');
    const { secret } = await database.apiKeys.create('theirs', '');
    const get = (path: string, key: string, init: RequestInit = {}) =>
      fetch(`${api.url}/v1/${path}`, { ...init, headers: { authorization: `Bearer ${key}` } });
    const controller = new AbortController();
    const stream = await get('jobs/stream', secret, { signal: controller.signal });
    const followed: string[] = [];
    const reading = (async () => {
      for await (const { data } of sentEvents(stream)) followed.push(jobSummary.parse(JSON.parse(data)).id);
    })().catch(() => undefined);
    const mine = await addJob(database, 'shared');
    const theirs = await addRequest(database, 'shared', 'theirs');

    const listed = async (key: string) => {
      const { data } = jobList.parse(await (await get('jobs', key)).json());
      return data.map(({ id }) => id);
    };
    expect(await listed('mine')).toEqual([mine.id]);
    expect(await listed(secret)).toEqual([theirs.id]);
    for (const path of [
      `jobs/${mine.id}`,
      `fine_tuning/jobs/${mine.id}/metrics`,
      `fine_tuning/jobs/${mine.id}/checkpoints`,
      `files/${mine.trainingFile}/preview`,
    ]) {
      expect((await get(path, secret)).status).toBe(404);
    }
    expect((await get(`jobs/${mine.id}/cancel`, secret, { method: 'POST' })).status).toBe(404);
    expect((await database.fineTuningJobs.get(mine.id)).status).toBe('queued');
    const totals = async (key: string) => overview.parse(await (await get('overview', key)).json()).totals;
    expect(await totals('mine')).toEqual({ base_models: 1, adapters: 0, files: 1, jobs: 1 });
    expect(await totals(secret)).toEqual({ base_models: 1, adapters: 0, files: 0, jobs: 1 });
    await expect.poll(() => followed, { timeout: 10_000 }).toEqual([theirs.id]);
    controller.abort();
    await reading;
    await api.close();
  });
});
