import { JobProducer } from '@prad/queue';
import { expect, inject, it } from 'vitest';
import { Latch, Probe, silentLog, startHost } from './job-probe.js';

const redisUrl = inject('redisUrl');
const LOCK_MS = 300;

// Postgres renews a lock that has run out as long as nobody took the job.
it.skipIf(redisUrl === undefined)(
  'stops work on a job whose lock it lost, says so once, and the job is done again',
  async () => {
    const store = { url: redisUrl ?? '', namespace: 'lock_test' };
    const producer = new JobProducer(store, (error) => {
      throw error;
    });
    const warned: object[] = [];
    const reasons: unknown[] = [];
    const doneAgain = new Latch();
    const probe = new Probe('train', async (_payload, { signal }) => {
      if (reasons.length > 0) {
        doneAgain.open();
        return;
      }
      // Nothing is renewed while the thread is held.
      const until = Date.now() + 3 * LOCK_MS;
      while (Date.now() < until);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      reasons.push((signal.reason as { readonly code: unknown }).code);
      signal.throwIfAborted();
    });
    const log = { ...silentLog, warn: (details: object) => void warned.push(details) };
    const host = await startHost(store, [probe], { lockMs: LOCK_MS, log });
    try {
      await producer.add('train', { fineTuningJobId: 'lost' });
      await doneAgain.opened;
      expect(reasons).toEqual(['lock_lost']);
      expect(warned).toEqual([{ job: 'train', id: 'lost' }]);
      expect(probe.givenUp).toEqual([]);
    } finally {
      await host.close(0);
      await producer.close();
    }
  },
);
