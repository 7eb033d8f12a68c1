import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ComputeThread } from '@prad/runtime';
import { Metrics } from '@prad/telemetry';
import { afterEach, expect, it } from 'vitest';
import { WorkerServer, type WorkerState } from '../../apps/worker/src/http/worker-server.js';
import { buildWorker } from '../numerics/support/build-worker.js';
import type { handlers } from '../numerics/support/compute-entry.js';

let server: WorkerServer | undefined;

afterEach(async () => {
  await server?.close();
});

async function serve(state: Partial<WorkerState>) {
  const defaults = { silentMs: () => ({}), hangTimeoutMs: 1_000, obstacles: () => Promise.resolve([]) };
  server = await WorkerServer.listen(
    { ...defaults, metrics: new Metrics('worker'), ...state },
    0,
    '127.0.0.1',
  );
  const url = `http://127.0.0.1:${server.port}`;
  return async (path: string, method = 'GET') => {
    const response = await fetch(`${url}${path}`, { method });
    return { status: response.status, body: await response.text() };
  };
}

it('lives through a long step of many runs, and not through a hang', async () => {
  const entry = await buildWorker(join(import.meta.dirname, '../numerics/support/compute-entry.ts'));
  const thread = new ComputeThread<typeof handlers>(entry);
  const ask = await serve({ silentMs: () => ({ training: thread.silentMs }), hangTimeoutMs: 2_000 });
  /** What /health says while the thread works. */
  const run = async (work: AsyncGenerator): Promise<Set<number>> => {
    const seen = new Set<number>();
    const working = (async () => {
      while ((await work.next()).done !== true);
      return 'ended';
    })();
    while ((await Promise.race([working, sleep(100)])) !== 'ended') seen.add((await ask('/health')).status);
    return seen;
  };
  await thread.ping(20_000);
  expect(await run(thread.stream('block', { times: 12, forMs: 300 }))).toEqual(new Set([200]));
  expect(await run(thread.stream('hang', { forMs: 4_000 }))).toEqual(new Set([200, 503]));
  expect(await ask('/health')).toMatchObject({ status: 200 });
  await thread.close();
});

it('tells why it is not ready', async () => {
  let obstacles: readonly string[] = [];
  const ask = await serve({ obstacles: () => Promise.resolve(obstacles) });
  expect(await ask('/ready')).toEqual({ status: 200, body: '{"status":"ok","message":null}' });
  obstacles = ['queue: no answer', 'database: gone'];
  expect(await ask('/ready')).toEqual({
    status: 503,
    body: '{"status":"down","message":"queue: no answer; database: gone"}',
  });
});

it('gives its measurements, and refuses what it does not have', async () => {
  const metrics = new Metrics('worker');
  metrics.gauge({ name: 'prad_worker_slots', help: 'Slots.' }).set(3);
  const ask = await serve({ metrics });
  const { body } = await ask('/metrics?x=1');
  expect(body).toContain('prad_worker_slots{service="worker"} 3');
  expect(body).toContain('process_resident_memory_bytes');
  expect((await ask('/')).status).toBe(404);
  expect((await ask('/health', 'POST')).status).toBe(405);
  await expect(WorkerServer.listen({} as WorkerState, server!.port, '127.0.0.1')).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'port_unusable',
  });
});
