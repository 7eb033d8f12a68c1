import { EventStream, JobProducer, type HandlerHost, type QueueStore } from '@prad/queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/test-database.js';
import { Probe, startHost } from './job-probe.js';

const onError = (error: Error) => {
  throw error;
};

describe('a read of a job whose row is looked at', () => {
  let store: QueueStore;
  let producer: JobProducer;
  let stream: EventStream<'generate'>;
  let host: HandlerHost | undefined;
  let count = 0;
  /** Those whose rows have ended. */
  const ended = new Set<string>();
  const newId = () => `job-${(count += 1)}`;

  beforeAll(async () => {
    store = { url: await createEmptyDatabase(), namespace: 'queue_test' };
    producer = new JobProducer(store, onError);
    const settled = (ids: readonly string[]) => Promise.resolve(ids.filter((id) => ended.has(id)));
    stream = new EventStream(store, 'generate', { onError, settled });
    await stream.ready();
  });

  afterAll(async () => {
    await host?.close(0);
    await Promise.all([producer.close(), stream.close()]);
  });

  it.each([true, false])(
    'ends a read when the row says that the job has ended, though the queue never heard of it; fresh: %s',
    async (fresh) => {
      const id = newId();
      setTimeout(() => ended.add(id), 50);
      const items = [];
      for await (const item of stream.read(id, { fresh })) items.push(item);
      expect(items).toEqual([]);
      expect(ended.has(id)).toBe(true);
    },
  );

  it('gives up a job that neither the queue nor the row knows', async () => {
    await expect(stream.read(newId(), {}).next()).rejects.toMatchObject({ code: 'job_lost' });
  }, 20_000);

  it('hears of the end of a job that streams nothing', async () => {
    const inferenceJobId = newId();
    host = await startHost(store, [new Probe('generate', () => Promise.resolve())]);
    const read = stream.read(inferenceJobId, { streams: false, fresh: true }).next();
    await producer.add('generate', { inferenceJobId });
    expect(await read).toEqual({ value: undefined, done: true });
  });
});
