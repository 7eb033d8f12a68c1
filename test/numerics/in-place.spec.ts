import { add, encodeOnnx, Graph, groupQueryAttention, sequenceConstruct, scalar } from '@prad/graph';
import { Session } from '@prad/runtime';
import { tensor, zeros } from '@prad/tensor';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** One decode step of one layer; with `sequence` the first output is what makes the runtime write in place. */
function cacheGraph(sequence: boolean): Uint8Array {
  const graph = new Graph();
  const at = graph.root;
  if (sequence) graph.output('done', sequenceConstruct(at, [scalar(at, 0)]));
  const { output, presentKey, presentValue } = groupQueryAttention(
    at,
    {
      query: graph.input('query', 'float32', ['B', 'T', 32]),
      pastKey: graph.input('past.key', 'float32', ['B', 1, 'M', 8]),
      pastValue: graph.input('past.value', 'float32', ['B', 1, 'M', 8]),
      seqlens: graph.input('seqlens', 'int32', ['B']),
      total: graph.input('total', 'int32', []),
    },
    { heads: 2, kvHeads: 1, scale: 1 / Math.sqrt(8) },
  );
  graph.output('output', output);
  graph.output('present.key', presentKey);
  graph.output('present.value', presentValue);
  return encodeOnnx(graph);
}

const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7 + phase));

/** A prompt of 3 tokens, then 2 single steps, over a cache with room for 6. */
async function decode(session: Session): Promise<Float32Array[]> {
  const [key, value] = [zeros('float32', [2, 1, 6, 8]), zeros('float32', [2, 1, 6, 8])];
  const outputs: Float32Array[] = [];
  const step = async (tokens: number, total: number): Promise<void> => {
    const output = zeros('float32', [2, tokens, 16]);
    await session.runInPlace(
      {
        query: tensor('float32', [2, tokens, 32], wave(2 * tokens * 32, total)),
        'past.key': key,
        'past.value': value,
        seqlens: tensor('int32', [2], Int32Array.of(total - 1, total - 1)),
        total: tensor('int32', [], Int32Array.of(total)),
      },
      { output, 'present.key': key, 'present.value': value },
    );
    outputs.push(output.data);
  };
  await step(3, 3);
  await step(1, 4);
  await step(1, 5);
  return [...outputs, key.data, value.data];
}

it('updates a cache in place, with the numbers of the way that copies', async () => {
  const [fast, copying] = [await Session.open(cacheGraph(true)), await Session.open(cacheGraph(false))];
  expect(fast.writesInPlace).toBe(true);
  expect(copying.writesInPlace).toBe(false);
  const [left, right] = [await decode(fast), await decode(copying)];
  expect(left).toEqual(right);
  expect(left.every((array) => array.some((x) => x !== 0))).toBe(true);
  await fast.close();
  await copying.close();
});

it('probes with the graph that the graph lib writes', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n']);
  const y = add(graph.root, x, x);
  graph.output('done', sequenceConstruct(graph.root, [scalar(graph.root, 0)]));
  graph.output('y', y);
  const source = readFileSync(new URL('../../libs/runtime/src/in-place.ts', import.meta.url), 'utf8');
  const stored = /const probe = \[([^\]]*)\]/.exec(source)?.[1]?.replace(/[^A-Za-z0-9+/=]/g, '');
  expect(stored).toBe(Buffer.from(encodeOnnx(graph)).toString('base64'));
});
