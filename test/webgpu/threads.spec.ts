import { ComputeThread } from '@prad/runtime';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { buildWorker } from '../numerics/support/build-worker.js';
import type { handlers } from './support/device-entry.js';

let entry: URL;
beforeAll(async () => {
  entry = await buildWorker(fileURLToPath(new URL('support/device-entry.ts', import.meta.url)));
});

type Thread = ComputeThread<typeof handlers>;

async function squares(thread: Thread, value: number, size = 8, times = 40): Promise<number[]> {
  const counts: number[] = [];
  for await (const right of thread.stream('squares', { value, size, times })) counts.push(right);
  return counts;
}

it('threads use the device by turns: alone, each of them ends the process', async () => {
  const threads = [1, 2, 3].map((): Thread => new ComputeThread(entry));
  const counts = await Promise.all(threads.map((thread, index) => squares(thread, index + 2)));
  expect(counts.flat()).toEqual(new Array(12).fill(40));
  await Promise.all(threads.map((thread) => thread.close()));
});
