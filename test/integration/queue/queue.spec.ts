import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@prad/errors';
import {
  EventStream,
  JobProducer,
  Postponed,
  isPostgresStore,
  type AnyJobHandler,
  type HandlerHost,
  type HandlerHostOptions,
  type QueueStore,
} from '@prad/queue';
import { Worker, createPostgresBackend, type BackendFactory, type ConnectionOptions } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyDatabase } from '../support/test-database.js';
import { Latch, Probe, startHost } from './job-probe.js';

const redisUrl = inject('redisUrl');
const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;
const fail = (error: Error) => {
  throw error;
};
const token = (text: string) => ({ choice: 0, text, finishReason: null });

describe.each(backends)('queue on %s', (backend) => {
  let store: QueueStore;
  let count = 0;
  let producer: JobProducer;
  let stream: EventStream<'generate'>;
  let hosts: HandlerHost[] = [];

  beforeAll(async () => {
    const url = backend === 'redis' ? redisUrl : undefined;
    store = { url: url ?? (await createEmptyDatabase()), namespace: 'queue_test' };
    producer = new JobProducer(store, fail);
    stream = new EventStream(store, 'generate', { onError: fail, settled: () => Promise.resolve([]) });
    await stream.ready();
  });

  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close(0)));
    hosts = [];
  });

  afterAll(async () => {
    await Promise.all([producer.close(), stream.close()]);
  });

  const newId = () => `job-${(count += 1)}`;

  async function host(handlers: readonly AnyJobHandler[], options?: Partial<HandlerHostOptions>) {
    const started = await startHost(store, handlers, options);
    hosts.push(started);
    return started;
  }

  async function textOf(inferenceJobId: string, afterSequence = 0): Promise<string[]> {
    const texts: string[] = [];
    for await (const { sequence, event } of stream.read(inferenceJobId, { afterSequence })) {
      texts.push(`${sequence}:${event.text}`);
    }
    return texts;
  }

  it('streams events while the job runs, and from any number on after it has ended', async () => {
    const inferenceJobId = newId();
    await host([
      new Probe('generate', async (_payload, context) => {
        for (const text of ['a', 'b', 'c', 'd']) {
          context.stream(token(text));
          await sleep(40);
        }
        context.stream(token('e'), token('f'));
      }),
    ]);
    const live = textOf(inferenceJobId);
    await producer.add('generate', { inferenceJobId });
    const all = ['1:a', '2:b', '3:c', '4:d', '5:e', '6:f'];
    expect(await live).toEqual(all);
    expect(await textOf(inferenceJobId)).toEqual(all);
    expect(await textOf(inferenceJobId, 4)).toEqual(all.slice(4));
  });

  it('gives a reader that comes in the middle what it has missed', async () => {
    const inferenceJobId = newId();
    const half = new Latch();
    const joined = new Latch();
    await host([
      new Probe('generate', async (_payload, context) => {
        context.stream(token('a'), token('b'));
        await sleep(100);
        half.open();
        await joined.opened;
        context.stream(token('c'));
      }),
    ]);
    await producer.add('generate', { inferenceJobId });
    await half.opened;
    const late = textOf(inferenceJobId);
    await sleep(50);
    joined.open();
    expect(await late).toEqual(['1:a', '2:b', '3:c']);
  });

  it('ends a read when its signal is aborted', async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 50);
    const items = [];
    for await (const item of stream.read(newId(), { signal: controller.signal })) items.push(item);
    expect(items).toEqual([]);
  });

  it('throws the handler’s error to the reader and tells the handler that the job is given up', async () => {
    const inferenceJobId = newId();
    const probe = new Probe('generate', () => {
      throw new AppError({
        kind: 'invalid',
        code: 'prompt_too_long',
        message: 'too long',
        details: { limit: 8 },
      });
    });
    await host([probe]);
    await producer.add('generate', { inferenceJobId });
    await expect(textOf(inferenceJobId)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'prompt_too_long',
      details: { limit: 8 },
    });
    expect(probe.attempts).toEqual([1]);
    expect(probe.givenUp.map(({ payload }) => payload)).toEqual([{ inferenceJobId }]);
  });

  it('tries again after an error that may pass, without repeating events to the reader', async () => {
    const inferenceJobId = newId();
    const probe = new Probe('generate', async (_payload, context) => {
      context.stream(token('a'), token('b'));
      await sleep(50);
      if (context.attempt === 1) throw new AppError({ kind: 'unavailable', code: 'busy', message: 'busy' });
      context.stream(token('c'));
    });
    await host([probe]);
    await producer.add('generate', { inferenceJobId });
    expect(await textOf(inferenceJobId)).toEqual(['1:a', '2:b', '3:c']);
    expect(probe.attempts).toEqual([1, 2]);
    expect(probe.givenUp).toEqual([]);
  });

  it('does a postponed job again without costing an attempt', async () => {
    const inferenceJobId = newId();
    let calls = 0;
    const probe = new Probe('generate', () => {
      calls += 1;
      if (calls < 4) throw new Postponed(20);
      return Promise.resolve();
    });
    await host([probe]);
    await producer.add('generate', { inferenceJobId });
    await textOf(inferenceJobId);
    expect(probe.attempts).toEqual([1, 1, 1, 1]);
  });

  it('adds a job once', async () => {
    const inferenceJobId = newId();
    const probe = new Probe('generate', () => sleep(100));
    await host([probe]);
    await producer.add('generate', { inferenceJobId });
    await producer.add('generate', { inferenceJobId });
    await textOf(inferenceJobId);
    await sleep(200);
    expect(probe.attempts).toEqual([1]);
  });

  it('hands jobs back when the worker goes down, and another worker does them', async () => {
    const inferenceJobId = newId();
    const first = new Probe('generate', async (_payload, context) => {
      await sleep(60_000, undefined, { signal: context.signal });
    });
    const leaving = await startHost(store, [first]);
    await producer.add('generate', { inferenceJobId });
    while (leaving.activeJobs.length === 0) await sleep(10);
    await leaving.close(50);
    const second = new Probe('generate', () => Promise.resolve());
    await host([second]);
    await textOf(inferenceJobId);
    expect(second.attempts).toEqual([1]);
    expect(first.givenUp).toEqual([]);
  });

  it('waits for jobs in work when the worker goes down in good time', async () => {
    const inferenceJobId = newId();
    let done = false;
    const leaving = await startHost(store, [
      new Probe('generate', async () => {
        await sleep(200);
        done = true;
      }),
    ]);
    await producer.add('generate', { inferenceJobId });
    while (leaving.activeJobs.length === 0) await sleep(10);
    await leaving.close(10_000);
    expect(done).toBe(true);
  });

  it('takes up the job of a killed worker within the lock’s time, more than once', async () => {
    const fineTuningJobId = newId();
    const lockMs = 600;
    await producer.add('train', { fineTuningJobId });
    for (const round of [1, 2, 3]) {
      const since = Date.now();
      await takeAndDie(store, lockMs);
      expect(Date.now() - since, `round ${round}`).toBeLessThan(5_000);
    }
    const probe = new Probe('train', () => Promise.resolve());
    await host([probe], { lockMs });
    while (probe.attempts.length === 0) await sleep(10);
    await sleep(100);
    expect(probe.attempts).toEqual([1]);
    expect(probe.givenUp).toEqual([]);
  });

  it('does as many jobs at once as its concurrency says', async () => {
    let active = 0;
    let most = 0;
    const probe = new Probe('generate', async () => {
      most = Math.max(most, (active += 1));
      await sleep(150);
      active -= 1;
    });
    await host([probe], { concurrency: { generate: 3 } });
    const ids = Array.from({ length: 7 }, newId);
    for (const inferenceJobId of ids) await producer.add('generate', { inferenceJobId });
    await Promise.all(ids.map((id) => textOf(id)));
    expect(most).toBe(3);
  });

  it('counts waiting and active jobs', async () => {
    const release = new Latch();
    const probe = new Probe('import', () => release.opened);
    await host([probe]);
    for (const baseModelId of ['m1', 'm2', 'm3']) await producer.add('import', { baseModelId });
    while (probe.attempts.length === 0) await sleep(10);
    expect(await producer.depth('import')).toMatchObject({ waiting: 2, active: 1, failed: 0 });
    release.open();
    while (probe.attempts.length < 3) await sleep(10);
  });

  it('does one job and no more where it is asked to, whatever its names bring at once', async () => {
    const ids = [newId(), newId()];
    for (const fineTuningJobId of ids) await producer.add('train', { fineTuningJobId });
    for (const inferenceJobId of ids) await producer.add('generate', { inferenceJobId });
    let postponed = 0;
    const work = async () => {
      if ((postponed += 1) === 1) throw new Postponed(100);
      await sleep(50);
    };
    const probes = [new Probe('train', work), new Probe('generate', work)] as const;
    const done = () => probes.reduce((sum, { attempts }) => sum + attempts.length, 0) - 1;
    const one = await host(probes, { once: true, concurrency: { generate: 4 } });
    await one.oneEnded;
    await sleep(300);
    expect(done()).toBe(1);
    const depths = [await producer.depth('train'), await producer.depth('generate')];
    const left = depths.map(({ waiting, prioritized, delayed }) => waiting + prioritized + delayed);
    expect(left.reduce((sum, count) => sum + count, 0)).toBe(3);
    await one.close(0);
    await host(probes);
    while (done() < 4) await sleep(10);
  });

  async function takenInOrder(count: number): Promise<string[]> {
    const taken: string[] = [];
    const probe = new Probe('generate', ({ inferenceJobId }) =>
      Promise.resolve(void taken.push(inferenceJobId)),
    );
    await host([probe]);
    while (taken.length < count) await sleep(10);
    return taken;
  }

  it('takes jobs by priority, then by turn, then in their order', async () => {
    const orders = [{ turn: 1 }, { turn: 0 }, { turn: 1 }, { priority: -1, turn: 9 }, { priority: 1 }];
    const ids = orders.map(newId);
    for (const [index, order] of orders.entries())
      await producer.add('generate', { inferenceJobId: ids[index]! }, order);
    const [a, b, c, urgent, least] = ids;
    expect(await takenInOrder(5)).toEqual([urgent, b, a, c, least]);
  });

  it('counts turns without end, and moves jobs whose place was counted from an earlier one', async () => {
    const [soon, later, fresh] = [newId(), newId(), newId()];
    const turns = [
      [later, { turn: 4_990_009, virtualTime: 4_989_999 }],
      [soon, { turn: 4_990_001, virtualTime: 4_989_999 }],
      [fresh, { turn: 4_990_005, virtualTime: 4_990_000 }],
    ] as const;
    for (const [inferenceJobId, order] of turns) await producer.add('generate', { inferenceJobId }, order);
    for (const [inferenceJobId, { turn }] of turns) {
      const restored = producer.restore('generate', { inferenceJobId }, { turn, virtualTime: 4_990_000 });
      expect(await restored).toBe(inferenceJobId === fresh ? 'kept' : 'moved');
    }
    expect(await takenInOrder(3)).toEqual([soon, fresh, later]);
  });

  it('restores a job that the queue lost or takes for ended, and leaves one that waits or is at work alone', async () => {
    const fineTuningJobId = newId();
    const probe = new Probe('train', () => sleep(300));
    expect(await producer.restore('train', { fineTuningJobId })).toBe('added');
    expect(await producer.restore('train', { fineTuningJobId })).toBe('kept');
    await host([probe]);
    while (probe.attempts.length === 0) await sleep(10);
    expect(await producer.restore('train', { fineTuningJobId })).toBe('kept');
    while ((await producer.depth('train')).active > 0) await sleep(10);
    expect(await producer.restore('train', { fineTuningJobId })).toBe('added');
    while (probe.attempts.length < 2) await sleep(10);
  });

  it('gives the ids of a job to what is logged in its work, and tells how each attempt ended', async () => {
    const inferenceJobId = newId();
    const scopes: object[] = [];
    const endings: string[] = [];
    const probe = new Probe('generate', (_payload, context) =>
      context.attempt === 1 ? Promise.reject(new Error('once')) : Promise.resolve(),
    );
    await host([probe], {
      logScope: (ids, work) => {
        scopes.push(ids);
        return work();
      },
      onAttempt: ({ job, ending }) => endings.push(`${job} ${ending}`),
    });
    await producer.add('generate', { inferenceJobId, requestId: 'req-1' });
    await textOf(inferenceJobId);
    expect(scopes).toEqual([1, 2].map(() => ({ jobId: inferenceJobId, requestId: 'req-1' })));
    expect(endings).toEqual(['generate retried', 'generate done']);
  });

  it('imports a model again under the same name after a failure', async () => {
    const probe = new Probe('import', (_payload, context) => {
      if (probe.attempts.length === 1)
        throw new AppError({ kind: 'invalid', code: 'bad_file', message: 'bad' });
      return context.attempt === 1 ? Promise.resolve() : Promise.reject(new Error('unexpected attempt'));
    });
    await host([probe]);
    await producer.add('import', { baseModelId: 'again' });
    while (probe.givenUp.length === 0) await sleep(10);
    await sleep(100);
    await producer.add('import', { baseModelId: 'again' });
    while (probe.attempts.length < 2) await sleep(10);
    expect(probe.givenUp).toHaveLength(1);
  });
});

/** Takes the next `train` job as a worker that dies in the middle: its lock is neither renewed nor given back. */
async function takeAndDie(store: QueueStore, lockMs: number): Promise<void> {
  const taken = new Latch();
  const postgres = { connectionString: store.url, schema: store.namespace, migrate: true };
  const redis = { url: store.url, maxRetriesPerRequest: null };
  const connection = (isPostgresStore(store) ? postgres : redis) as ConnectionOptions;
  const factory = isPostgresStore(store) ? (createPostgresBackend as BackendFactory) : undefined;
  const work = () => {
    taken.open();
    return new Promise<void>(() => undefined);
  };
  const options = {
    connection,
    prefix: store.namespace ?? 'bullmq',
    lockDuration: lockMs,
    stalledInterval: lockMs / 3,
    maxStalledCount: 20,
  };
  const worker =
    factory === undefined ? new Worker('train', work, options) : new Worker('train', work, options, factory);
  worker.on('error', () => undefined);
  await taken.opened;
  await worker.close(true);
}
