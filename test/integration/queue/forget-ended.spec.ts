import { AppError } from '@prad/errors';
import { JobProducer, type QueueStore } from '@prad/queue';
import { expect, inject, it } from 'vitest';
import { forgetEnded } from '../../../libs/queue/src/forget-ended.js';
import { openQueue } from '../../../libs/queue/src/store.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { Probe, startHost } from './job-probe.js';

const redisUrl = inject('redisUrl');
const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;

it.each(backends)(
  'forgets what ended long ago, or before as many others as are kept, on %s',
  async (backend) => {
    const url = backend === 'redis' ? redisUrl : undefined;
    const store: QueueStore = { url: url ?? (await createEmptyDatabase()), namespace: 'forget_ended' };
    const queue = openQueue(store, 'generate');
    const producer = new JobProducer(store, () => undefined);
    const handler = new Probe('generate', ({ inferenceJobId: id }) =>
      id === 'bad'
        ? Promise.reject(new AppError({ kind: 'invalid', code: 'no', message: 'no' }))
        : Promise.resolve(),
    );
    const host = await startHost(store, [handler]);
    const ended = async () => (await queue.getJobs(['completed', 'failed'])).map(({ id }) => id).toSorted();
    try {
      for (const inferenceJobId of ['bad', 'first', 'second', 'third', 'fourth']) {
        await producer.add('generate', { inferenceJobId });
        await expect.poll(ended).toContain(inferenceJobId);
      }
      await producer.forgetEnded();
      expect(await ended()).toHaveLength(5);
      await forgetEnded(queue, { count: 2, seconds: 60 });
      expect(await ended()).toEqual(['bad', 'fourth', 'third']);
      await forgetEnded(queue, { count: 2, seconds: 0 });
      expect(await ended()).toEqual([]);
    } finally {
      await Promise.all([host.close(0), producer.close(), queue.close()]);
    }
  },
);
