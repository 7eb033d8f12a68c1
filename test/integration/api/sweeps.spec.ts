import { setTimeout as sleep } from 'node:timers/promises';
import { fineTuningSweep, fineTuningSweepList, type FineTuningSweepObject } from '@prad/contracts';
import { newAdapterName, newId, type FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import { HandlerHost, JobProducer, type JobHandler, type JobPayload } from '@prad/queue';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { QueueUpkeep } from '../../../apps/worker/src/queue-upkeep.js';
import { SweepHandler } from '../../../apps/worker/src/sweep/sweep.handler.js';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const LEASE_MS = 10_000;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const redisUrl = inject('redisUrl');

/** Fails for a learning rate of 1; else its validation loss is the learning rate times the rank. */
class LossTrainer implements JobHandler<'train'> {
  readonly job = 'train';

  constructor(private readonly api: ApiHarness) {}

  async handle({ fineTuningJobId: id }: JobPayload<'train'>): Promise<void> {
    const { fineTuningJobs, jobMetrics } = this.api.database;
    const owner = newId('lease');
    const job = await fineTuningJobs.claim(id, owner, LEASE_MS);
    if (job === undefined) return;
    const rate = Number(job.method.hyperparameters['learningRate']);
    if (rate === 1) {
      const error = new AppError({ kind: 'invalid', code: 'training_diverged', message: 'too fast' });
      await fineTuningJobs.fail(id, owner, { code: error.code, message: error.message, param: null });
      throw error;
    }
    const validLoss = rate * Number(job.method.options['rank']);
    await jobMetrics.append(id, owner, [
      { step: 0, validLoss: 1e-9 },
      { step: 1, validLoss },
      { step: 2, validLoss: Number.NaN },
    ]);
    await fineTuningJobs.succeed(id, owner, { ...(await this.adapter(job)), trainedTokens: 1 });
  }

  giveUp(): Promise<void> {
    return Promise.resolve();
  }

  private async adapter(job: FineTuningJob) {
    const base = await this.api.database.baseModels.getReady(job.model);
    const { adapter: method, scope, options } = job.method;
    return {
      adapter: {
        ...{ id: newAdapterName(job.model, null), baseModel: base.id, baseDigest: base.digest },
        ...{ method, scope, options, parameterCount: 1, task: null },
      },
      version: { digest: 'd'.repeat(64), blobKey: `adapters/${job.id}`, bytes: 1 },
    };
  }
}

const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;

describe.each(backends)('a sweep on %s', (backend) => {
  let api: ApiHarness;
  let file: string;
  let producer: JobProducer;
  let host: HandlerHost | undefined;
  let databaseUrl: string;

  const store = () => ({ url: (backend === 'redis' ? redisUrl : undefined) ?? databaseUrl });

  beforeAll(async () => {
    databaseUrl = await createEmptyDatabase();
    api = await startApi(databaseUrl, backend === 'redis' ? redisUrl : undefined);
    await api.stopWorker();
    await addBaseModel(api.database, 'base');
    const content = await toFile(Buffer.from('{"prompt":"a","completion":" b"}\n'), 'train.jsonl');
    file = (await api.openai.files.create({ file: content, purpose: 'fine-tune' })).id;
    producer = new JobProducer(store(), (error) => {
      throw error;
    });
  });

  afterAll(async () => {
    await stop();
    await producer.close();
    await api.close();
  });

  async function start(): Promise<void> {
    const handlers = [new LossTrainer(api), new SweepHandler(api.database.sweeps)];
    host = new HandlerHost({ store: store(), roles: ['train', 'sweep'], concurrency: {}, log }, handlers);
    await host.start();
  }

  async function stop(): Promise<void> {
    await host?.close(1_000);
    host = undefined;
  }

  function post(path: string, body: unknown = {}): Promise<Response> {
    return fetch(`${api.url}/v1/fine_tuning/sweeps${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  function request(sweep: object, extra: object = {}): object {
    return { model: 'base', training_file: file, validation_file: file, sweep, ...extra };
  }

  async function submit(sweep: object, extra?: object): Promise<FineTuningSweepObject> {
    const response = await post('', request(sweep, extra));
    expect(response.status).toBe(202);
    return fineTuningSweep.parse(await response.json());
  }

  async function get(id: string): Promise<FineTuningSweepObject> {
    return fineTuningSweep.parse(await (await fetch(`${api.url}/v1/fine_tuning/sweeps/${id}`)).json());
  }

  async function ended(id: string): Promise<FineTuningSweepObject> {
    for (;;) {
      const sweep = await get(id);
      if (sweep.status !== 'running') return sweep;
      await sleep(50);
    }
  }

  it('trains every combination and ends in the best, whatever becomes of the others', async () => {
    const lists = { learning_rate: [0.5, 0.25, 1], rank: [4, 2] };
    const sweep = await submit(lists, { seed: 7 });
    expect(sweep).toMatchObject({ status: 'running', sweep: lists, best_job: null, fine_tuned_model: null });
    expect(sweep.leaderboard.map(({ learning_rate: rate, rank, seed }) => [rate, rank, seed])).toEqual([
      ...[0.5, 0.25, 1].flatMap((rate) => [4, 2].map((rank) => [rate, rank, 7])),
    ]);
    expect((await producer.depth('train')).prioritized).toBe(6);
    expect((await producer.depth('sweep')).waiting).toBe(0);
    await start();
    const done = await ended(sweep.id);
    expect(done).toMatchObject({ status: 'succeeded', best_job: done.leaderboard[0]?.job });
    expect(done.finished_at).not.toBeNull();
    expect(done.leaderboard.map(({ valid_loss: loss, status }) => [loss, status])).toEqual([
      ...[0.5, 1, 1, 2].map((loss) => [loss, 'succeeded']),
      ...[null, null].map((loss) => [loss, 'failed']),
    ]);
    expect(done.leaderboard[0]).toMatchObject({ learning_rate: 0.25, rank: 2 });
    expect(done.fine_tuned_model).toBe(done.leaderboard[0]?.fine_tuned_model);
    expect(done.leaderboard.at(-1)?.error).toBe('too fast');
    const listed = await fetch(`${api.url}/v1/fine_tuning/sweeps`);
    expect(fineTuningSweepList.parse(await listed.json()).data).toEqual([done]);
  });

  it('fails only where all runs do', async () => {
    const { id } = await submit({ learning_rate: [1], seed: [1, 2] });
    expect(await ended(id)).toMatchObject({ status: 'failed', best_job: null, fine_tuned_model: null });
  });

  it('cancels its runs', async () => {
    await stop();
    const { id } = await submit({ learning_rate: [0.5], seed: [1, 2, 3] });
    const response = await post(`/${id}/cancel`);
    expect(response.status).toBe(200);
    const cancelled = fineTuningSweep.parse(await response.json());
    expect(cancelled).toMatchObject({ status: 'cancelled', cancel_requested: true, best_job: null });
    expect(cancelled.leaderboard.map(({ status }) => status)).toEqual(Array(3).fill('cancelled'));
    expect((await post(`/${id}/cancel`)).status).toBe(409);
    await start();
  });

  it('is found again from its rows where the queue knows nothing of it', async () => {
    const { leaderboard } = await submit({ learning_rate: [0.5, 0.25] });
    const known = await Promise.all(leaderboard.map(({ job }) => api.database.fineTuningJobs.get(job)));
    // The same once more in the rows alone, as an API leaves it that dies before it has told the queue.
    const { project, model, trainingFile } = known[0] ?? expect.fail();
    const id = newId('sweep');
    const jobs = known.map((job) => ({ ...job, id: newId('ftjob'), status: 'queued' as const }));
    const facts = { id, project, model, trainingFile, validationFile: trainingFile, suffix: null };
    await api.database.sweeps.create({ ...facts, lists: { learningRate: [0.5, 0.25] } }, jobs);
    const upkeep = new QueueUpkeep(api.database, producer, log);
    upkeep.start();
    await upkeep.stop();
    for (;;) {
      const { leaderboard: runs } = await get(id);
      if (runs.every(({ status }) => status === 'succeeded')) break;
      await sleep(50);
    }
    expect((await get(id)).status).toBe('running');
    const later = new QueueUpkeep(api.database, producer, log);
    later.start();
    await later.stop();
    const best = jobs.find(({ method }) => method.hyperparameters['learningRate'] === 0.25);
    expect(await get(id)).toMatchObject({ status: 'succeeded', best_job: best?.id });
  });

  it.each([
    [{}, {}, 400, 'sweep'],
    [{ seed: [1, 1] }, {}, 400, 'sweep.seed'],
    [{ seed: [...Array(13).keys()], rank: [1, 2, 3, 4, 5] }, {}, 400, 'sweep'],
    [{ rank: [1] }, { method: { type: 'prad', prad: { adapter: 'prompt' } } }, 400, 'sweep.rank'],
    [{ seed: [1] }, { validation_file: null }, 400, 'validation_file'],
    [{ seed: [1] }, { model: 'nope' }, 404, 'model'],
  ])('of %j with %j is refused', async (lists, extra, status, param) => {
    const response = await post('', request(lists, extra));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it('is its project’s alone', async () => {
    expect((await fetch(`${api.url}/v1/fine_tuning/sweeps/sweep-none`)).status).toBe(404);
    expect((await post('/sweep-none/cancel')).status).toBe(404);
  });
});
