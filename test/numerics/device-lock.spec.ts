import { ComputeThread } from '@prad/runtime';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { buildWorker } from './support/build-worker.js';
import type { handlers } from './support/turn-entry.js';

type Thread = ComputeThread<typeof handlers>;

let entry: URL;
beforeAll(async () => {
  entry = await buildWorker(fileURLToPath(new URL('support/turn-entry.ts', import.meta.url)));
});

const open = (): Thread => new ComputeThread(entry, { workerData: new Int32Array(new SharedArrayBuffer(4)) });

async function clashes(thread: Thread, times: number): Promise<number> {
  for await (const count of thread.stream('turns', { times })) return count;
  throw new Error('no event');
}

it('threads of a process, and calls within a thread, take turns', async () => {
  const workerData = new Int32Array(new SharedArrayBuffer(4));
  const threads = [1, 2, 3].map((): Thread => new ComputeThread(entry, { workerData }));
  expect(await Promise.all(threads.map((thread) => clashes(thread, 300)))).toEqual([0, 0, 0]);
  await Promise.all(threads.map((thread) => thread.close()));
});

it('a thread that dies in its turn does not keep it', async () => {
  const [dying, other] = [open(), open()];
  const death = (async () => {
    for await (const event of dying.stream('dieInTurn', undefined)) expect(event).toBe('started');
  })();
  await expect(death).rejects.toMatchObject({ code: 'compute_thread_died' });
  expect(await clashes(other, 3)).toBe(0);
  await Promise.all([dying.close(), other.close()]);
});
