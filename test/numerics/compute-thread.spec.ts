import { AppError } from '@prad/errors';
import { add, encodeOnnx, Graph } from '@prad/graph';
import { ComputeThread, transferring } from '@prad/runtime';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildWorker } from './support/build-worker.js';
import type { handlers } from './support/compute-entry.js';

let entry: URL;
const open: ComputeThread<typeof handlers>[] = [];

beforeAll(async () => {
  entry = await buildWorker(join(import.meta.dirname, 'support/compute-entry.ts'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((thread) => thread.close()));
});

function start(options: ConstructorParameters<typeof ComputeThread>[1] = {}): ComputeThread<typeof handlers> {
  const thread = new ComputeThread<typeof handlers>(entry, options);
  open.push(thread);
  return thread;
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('streams', () => {
  it('arrive in order, several at a time', async () => {
    const thread = start();
    const expected = Array.from({ length: 100 }, (_, i) => i);
    expect(await all(thread.stream('count', { to: 100 }))).toEqual(expected);
    const both = await Promise.all([
      all(thread.stream('fail', undefined)).catch(() => 'failed'),
      all(thread.stream('count', { to: 3 })),
    ]);
    expect(both).toEqual(['failed', [0, 1, 2]]);
  });

  it('wait for a slow reader', async () => {
    const thread = start();
    const counting = thread.stream('count', { to: 1000 });
    expect((await counting.next()).value).toBe(0);
    await sleep(200);
    const [produced] = await all(thread.stream('produced', undefined));
    expect(produced).toBeGreaterThan(10);
    expect(produced).toBeLessThan(40);
    let last: number | undefined = 0;
    for await (const event of counting) last = event;
    expect(last).toBe(999);
  });

  it('carry an AppError as it was, and any other error as a bug', async () => {
    const thread = start();
    const expected = {
      name: 'AppError',
      kind: 'exhausted',
      code: 'too_much',
      message: 'no room',
      details: { limit: 3 },
    };
    expect(await failure(all(thread.stream('fail', undefined)))).toMatchObject(expected);
    const bug = { kind: 'bug', code: 'compute_failed', message: 'undefined is not a function' };
    expect(await failure(all(thread.stream('bug', undefined)))).toMatchObject(bug);
    const nothing = all(thread.stream('nothing' as 'bug', undefined));
    expect(await failure(nothing)).toMatchObject({ kind: 'bug', code: 'unknown_method' });
  });

  it('pass an abort on with its reason, and let the handler end its stream', async () => {
    const thread = start();
    const controller = new AbortController();
    const events = thread.stream('untilAborted', {}, controller.signal);
    expect((await events.next()).value).toBe('running');
    controller.abort(new AppError({ kind: 'cancelled', code: 'job_cancelled', message: 'the user asked' }));
    expect((await events.next()).value).toBe('cancelled job_cancelled');
    expect((await events.next()).done).toBe(true);
    const late = failure(all(thread.stream('untilAborted', {}, controller.signal)));
    expect(await late).toMatchObject({ kind: 'cancelled', code: 'job_cancelled' });
  });

  it('end in the thread when the reader leaves', async () => {
    const thread = start();
    for await (const event of thread.stream('untilAborted', {})) {
      expect(event).toBe('running');
      break;
    }
    for await (const event of thread.stream('count', { to: 1_000_000 })) if (event === 2) break;
    expect(await all(thread.stream('count', { to: 2 }))).toEqual([0, 1]);
  });

  it('hand buffers over where told to', async () => {
    const thread = start();
    const data = Float32Array.of(1, 2, 3);
    const [echoed, left] = await all(thread.stream('echo', transferring(data, [data.buffer])));
    expect(echoed).toEqual(Float32Array.of(1, 2, 3));
    expect(data.length).toBe(0);
    expect(left).toBe(0);
  });

  it('compute with onnxruntime', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    graph.output('y', add(graph.root, x, x));
    const events = await all(start().stream('compute', { model: encodeOnnx(graph) }));
    expect(events[0]?.['y']?.data).toEqual(Float32Array.of(2, 4));
  });
});

describe('the thread', () => {
  it('fails what waits when it dies, says so, and starts anew', async () => {
    const deaths: AppError[] = [];
    const thread = start({ onDeath: (error) => deaths.push(error) });
    const waiting = failure(all(thread.stream('untilAborted', {})));
    const dying = failure(all(thread.stream('die', undefined)));
    const died = { kind: 'unavailable', code: 'compute_thread_died' };
    expect(await dying).toMatchObject({ ...died, message: 'the compute thread ended: out of the blue' });
    expect(await waiting).toMatchObject(died);
    expect(deaths).toHaveLength(1);
    expect(await all(thread.stream('count', { to: 2 }))).toEqual([0, 1]);
  });

  it('answers a ping, unless it hangs', async () => {
    const thread = start();
    await thread.ping(10_000);
    expect(await thread.ping(1_000)).toBeLessThan(1_000);
    const hanging = failure(all(thread.stream('hang', { forMs: 1_500 })));
    await sleep(50);
    expect(await failure(thread.ping(50))).toMatchObject({
      kind: 'unavailable',
      code: 'compute_thread_hung',
    });
    await thread.restart();
    expect(await hanging).toMatchObject({ kind: 'unavailable', code: 'compute_thread_restarted' });
    expect(await all(thread.stream('count', { to: 1 }))).toEqual([0]);
  });

  it('is silent for as long as one run takes, however many a step has, and never while it has nothing to do', async () => {
    const thread = start();
    expect(thread.silentMs).toBe(0);
    await thread.ping(10_000);
    const silences: number[] = [];
    const watch = setInterval(() => silences.push(thread.silentMs), 50);
    await all(thread.stream('block', { times: 10, forMs: 300 }));
    const between = Math.max(...silences.splice(0));
    const hanging = failure(all(thread.stream('hang', { forMs: 3_000 })));
    await sleep(2_500);
    clearInterval(watch);
    expect(between).toBeGreaterThan(0);
    expect(between).toBeLessThan(1_500);
    expect(Math.max(...silences)).toBeGreaterThan(1_500);
    await thread.restart();
    await hanging;
    expect(thread.silentMs).toBe(0);
  });

  it('closes after its streams have ended and its clean-up has run', async () => {
    const closed = new Int32Array(new SharedArrayBuffer(4));
    const thread = start({ workerData: { closed } });
    const events = thread.stream('untilAborted', {});
    await events.next();
    await thread.close();
    expect((await events.next()).value).toBe('cancelled compute_closed');
    expect(Atomics.load(closed, 0)).toBe(1);
    const late = failure(all(thread.stream('count', { to: 1 })));
    expect(await late).toMatchObject({ kind: 'unavailable', code: 'compute_thread_closed' });
  });
});
