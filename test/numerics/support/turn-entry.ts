import { serveCompute } from '@prad/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { inTurn } from '../../../libs/runtime/src/device-lock.js';

const counters = workerData as Int32Array;

export const handlers = {
  /** Takes many turns, in two chains at once; yields how often somebody else was found in the middle of one. */
  async *turns({ times }: { times: number }) {
    let clashes = 0;
    const chain = async (): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await inTurn(async () => {
          if (Atomics.add(counters, 0, 1) !== 0) clashes += 1;
          await new Promise((resolve) => setImmediate(resolve));
          Atomics.sub(counters, 0, 1);
        });
      }
    };
    await Promise.all([chain(), chain()]);
    yield clashes;
  },
  /** Ends the thread in the middle of its turn. */
  async *dieInTurn() {
    yield await Promise.resolve('started');
    void inTurn(async () => {
      setTimeout(() => {
        throw new Error('out of the blue');
      });
      await sleep(10_000);
    });
    await sleep(10_000);
  },
};

serveCompute(handlers);
