import { add, cast, encodeOnnx, Graph, identity, matmul, mul, type Value } from '@prad/graph';
import { bundledDevices, checkDevice, Session } from '@prad/runtime';
import { tensor, zeros, type Dtype, type HostTensor } from '@prad/tensor';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'prad-session-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const floats = (...values: number[]): HostTensor =>
  tensor('float32', [values.length], Float32Array.from(values));

/** y [N] = x [N] + w [N]; s [2] = k [2] k. */
function model(): Uint8Array {
  const graph = new Graph();
  const [x, w] = [graph.input('x', 'float32', ['N']), graph.input('w', 'float32', ['N'])];
  const k = graph.input('k', 'float32', [2]);
  graph.output('y', add(graph.root, x, w));
  graph.output('s', mul(graph.root, k, k));
  return encodeOnnx(graph);
}

const feeds = { x: floats(1, 2, 3), w: floats(10, 20, 30), k: floats(2, 3) };

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a session', () => {
  it('runs all outputs, or those asked for', async () => {
    const session = await Session.open(model());
    expect(await session.run(feeds)).toEqual({ y: floats(11, 22, 33), s: floats(4, 9) });
    expect(Object.keys(await session.run(feeds, ['s']))).toEqual(['s']);
    expect(session.inputs).toEqual([
      { name: 'x', dtype: 'float32', shape: ['N'] },
      { name: 'w', dtype: 'float32', shape: ['N'] },
      { name: 'k', dtype: 'float32', shape: [2] },
    ]);
    await session.close();
  });

  it('leaves the cores to others between runs', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['N', 'N']);
    graph.output('y', matmul(graph.root, x, x));
    const session = await Session.open(encodeOnnx(graph), { intraOpThreads: 4 });
    await session.run({ x: zeros('float32', [256, 256]) });
    const before = process.cpuUsage();
    await sleep(20);
    const { user, system } = process.cpuUsage(before);
    // Three threads that spin would take 20 ms each, or all the cores that there are.
    expect((user + system) / 1000).toBeLessThan(15);
    await session.close();
  });

  it('reads feeds where they lie', async () => {
    const session = await Session.open(model());
    const big = new Float32Array(10).fill(1);
    const x = tensor('float32', [3], big.subarray(4, 7));
    big[5] = 7;
    const { y } = await session.run({ ...feeds, x });
    expect(y).toEqual(floats(11, 27, 31));
    await session.close();
  });

  it('writes outputs into given memory by copying when the graph has no sequence', async () => {
    const session = await Session.open(model());
    const y = zeros('float32', [3]);
    await session.runInPlace(feeds, { y });
    expect(session.writesInPlace).toBe(false);
    expect(y.data).toEqual(Float32Array.of(11, 22, 33));
    await session.close();
  });

  it.each<[Dtype, HostTensor]>([
    ['float32', floats(1.5, -2)],
    ['float16', tensor('float16', [2], Uint16Array.of(0x3c00, 0xc000))],
    ['int32', tensor('int32', [2], Int32Array.of(-5, 6))],
    ['int64', tensor('int64', [2], BigInt64Array.of(-5n, 2n ** 60n))],
    ['bool', tensor('bool', [2], Uint8Array.of(1, 0))],
    ['uint8', tensor('uint8', [2], Uint8Array.of(255, 7))],
  ])('passes %s through', async (dtype, x) => {
    const graph = new Graph();
    graph.output('y', identity(graph.root, graph.input('x', dtype, [2])));
    const session = await Session.open(encodeOnnx(graph));
    expect((await session.run({ x }))['y']).toEqual(x);
    await session.close();
  });

  it('takes empty tensors', async () => {
    const session = await Session.open(model());
    const { y } = await session.run({ ...feeds, x: zeros('float32', [0]), w: zeros('float32', [0]) }, ['y']);
    expect(y).toEqual(zeros('float32', [0]));
    await session.close();
  });
});

describe('weights in a file', () => {
  const weighted = (): Uint8Array => {
    const graph = new Graph();
    const data = { location: 'weights.bin', offset: 4096, length: 8 };
    const w = graph.parameter('w', { dtype: 'float32', shape: [2] }, data);
    graph.output('y', add(graph.root, graph.input('x', 'float32', [2]), w));
    return encodeOnnx(graph);
  };
  const bytes = Buffer.alloc(4104);
  bytes.writeFloatLE(100, 4096);
  bytes.writeFloatLE(200, 4100);

  it('are found beside the model, or in the folder named', async () => {
    writeFileSync(join(folder, 'weights.bin'), bytes);
    writeFileSync(join(folder, 'graph.onnx'), weighted());
    for (const session of [
      await Session.open(join(folder, 'graph.onnx'), { prepack: false }),
      await Session.open(weighted(), { externalDataFolder: folder }),
    ]) {
      expect(await session.run({ x: floats(1, 2) })).toEqual({ y: floats(101, 202) });
      await session.close();
    }
  });

  it('that are missing or too short are a bad model', async () => {
    const other = mkdtempSync(join(folder, 'other-'));
    const bad = { kind: 'invalid', code: 'bad_model' };
    expect(await failure(Session.open(weighted(), { externalDataFolder: other }))).toMatchObject(bad);
    writeFileSync(join(other, 'weights.bin'), bytes.subarray(0, 4100));
    expect(await failure(Session.open(weighted(), { externalDataFolder: other }))).toMatchObject(bad);
  });
});

describe('what goes wrong is named', () => {
  it('in a model', async () => {
    expect(await failure(Session.open(new Uint8Array(100)))).toMatchObject({
      kind: 'invalid',
      code: 'bad_model',
    });
    const missing = { kind: 'notFound', code: 'model_file_missing' };
    expect(await failure(Session.open(join(folder, 'absent.onnx')))).toMatchObject(missing);
  });

  it.each([
    ['missing_feed', { x: floats(1), w: floats(1) }, /needs k: float32 \[2\]/],
    ['unknown_feed', { ...feeds, z: floats(1) }, /no input z/],
    ['feed_mismatch', { ...feeds, k: floats(1) }, /k: float32 \[2\] expected, got float32 \[1\]/],
    ['feed_mismatch', { ...feeds, k: zeros('int32', [2]) }, /k: float32 \[2\] expected, got int32 \[2\]/],
    ['feed_mismatch', { ...feeds, k: zeros('float32', [2, 1]) }, /got float32 \[2, 1\]/],
    ['feed_mismatch', { ...feeds, w: floats(1, 2) }, /w has N = 2, but x has N = 3/],
  ])('in feeds: %s', async (code, given: Record<string, HostTensor>, message) => {
    const session = await Session.open(model());
    const error = await failure(session.run(given));
    expect(error).toMatchObject({ kind: 'bug', code });
    expect(String(error)).toMatch(message);
    await session.close();
  });

  it('in outputs, and while running', async () => {
    const session = await Session.open(model());
    const unknown = session.runInPlace(feeds, { z: floats(1) });
    expect(await failure(unknown)).toMatchObject({ kind: 'bug', code: 'unknown_output' });
    expect(await failure(session.run(feeds, ['z']))).toMatchObject({ kind: 'bug', code: 'run_failed' });
    await session.close();
    await session.close();
    expect(await failure(session.run(feeds))).toMatchObject({ kind: 'bug', code: 'session_closed' });
  });

  it('in the choice of a device', async () => {
    expect(bundledDevices()).toContain('cpu');
    const unknown = { kind: 'unavailable', code: 'device_unavailable' };
    expect(await failure(Session.open(model(), { device: 'tpu' as 'cuda' }))).toMatchObject(unknown);
    // Where there is a GPU with all it needs, the session opens.
    const error = await failure(Session.open(model(), { device: 'cuda' }));
    if (error) expect(error).toMatchObject(unknown);
  });

  it('in a device that cannot be used: what it is, why, and what to do', async () => {
    await checkDevice('cpu');
    const error = await failure(checkDevice('cuda'));
    if (!error) return;
    expect(error).toMatchObject({ kind: 'unavailable', code: 'device_unavailable' });
    expect((error as Error).message).toMatch(
      /^device cuda cannot be used: .*cuda.*\. Hint: .*(install|needs)/i,
    );
  });

  it('in memory that cannot be had', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['N', 1]);
    const y = graph.input('y', 'float32', [1, 'M']);
    const large: Value = mul(graph.root, x, y);
    graph.output('out', cast(graph.root, large, 'int64'));
    const session = await Session.open(encodeOnnx(graph));
    const n = 4_000_000;
    const run = session.run({ x: zeros('float32', [n, 1]), y: zeros('float32', [1, n]) });
    expect(await failure(run)).toMatchObject({ kind: 'exhausted', code: 'out_of_memory' });
    await session.close();
  });
});
