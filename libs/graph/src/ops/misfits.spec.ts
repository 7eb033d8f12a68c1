import type { Dtype } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import * as g from '../index.js';

type Given = readonly [Dtype, ...(number | string)[]];
type Build = (at: g.Scope, values: readonly g.Value[]) => unknown;

const f = (...shape: (number | string)[]): Given => ['float32', ...shape];
const i = (...shape: (number | string)[]): Given => ['int64', ...shape];

/** What each shape rule has to refuse, and a word of the sentence that says why. */
const misfits: readonly (readonly [string, readonly Given[], Build, RegExp])[] = [
  ['Add of shapes', [f(2, 3), f(2)], (at, [x, y]) => g.add(at, x!, y!), /do not broadcast/],
  ['Mul of dtypes', [f(2), i(2)], (at, [x, y]) => g.mul(at, x!, y!), /float32 and int64 do not mix/],
  ['Where on numbers', [f(2), f(2)], (at, [x, y]) => g.where(at, x!, x!, y!), /must be bool/],
  ['And of numbers', [f(2)], (at, [x]) => g.and(at, x!, x!), /bool expected/],
  ['Not of numbers', [f(2)], (at, [x]) => g.not(at, x!), /bool expected/],
  ['MatMul inner sizes', [f(2, 3), f(4, 5)], (at, [x, y]) => g.matmul(at, x!, y!), /inner sizes/],
  ['MatMul batches', [f(2, 2, 3), f(3, 3, 5)], (at, [x, y]) => g.matmul(at, x!, y!), /do not broadcast/],
  ['MatMul of a vector', [f(3), f(3, 5)], (at, [x, y]) => g.matmul(at, x!, y!), /ranks of at least 2/],
  ['Gemm rank', [f(1, 2, 3), f(3, 4)], (at, [x, y]) => g.gemm(at, x!, y!), /rank 2 expected/],
  [
    'Gemm inner sizes',
    [f(2, 3), f(3, 4)],
    (at, [x, y]) => g.gemm(at, x!, y!, { transB: true }),
    /inner sizes/,
  ],
  ['Gemm bias', [f(2, 3), f(3, 4), f(3)], (at, [x, y, b]) => g.gemm(at, x!, y!, {}, b), /do not broadcast/],
  [
    'Gemm bias too large',
    [f(1, 3), f(3, 4), f(2, 4)],
    (at, [x, y, b]) => g.gemm(at, x!, y!, {}, b),
    /does not fit/,
  ],
  ['Transpose order', [f(2, 3)], (at, [x]) => g.transpose(at, x!, [0, 0]), /no order of the axes/],
  ['Reshape', [f(2, 3)], (at, [x]) => g.reshape(at, x!, [7]), /does not have the elements/],
  ['Reshape with names', [f('B', 6)], (at, [x]) => g.reshape(at, x!, ['B', 5]), /does not have the elements/],
  ['Squeeze', [f(2, 3)], (at, [x]) => g.squeeze(at, x!, [1]), /not of size 1/],
  ['Unsqueeze twice', [f(2)], (at, [x]) => g.unsqueeze(at, x!, [0, 0]), /repeat/],
  ['Expand', [f(2, 3)], (at, [x]) => g.expand(at, x!, [2, 1]), /does not fit/],
  ['Concat shapes', [f(2, 3), f(2, 4)], (at, xs) => g.concat(at, xs, 0), /do not join/],
  ['Concat dtypes', [f(2), i(2)], (at, xs) => g.concat(at, xs, 0), /do not join/],
  ['Concat of nothing', [], (at, xs) => g.concat(at, xs, 0), /of nothing/],
  ['Slice axis', [f(2)], (at, [x]) => g.slice(at, x!, { axis: 1, start: 0 }), /axis 1 of a value of rank 1/],
  ['Slice with a name', [f('T')], (at, [x]) => g.slice(at, x!, { axis: 0, start: 1, end: -1 }), /no size/],
  ['Split', [f(5)], (at, [x]) => g.split(at, x!, { axis: 0, sizes: [2, 2] }), /parts \[2,2\]/],
  ['Gather by numbers', [f(2), f(1)], (at, [x, n]) => g.gather(at, x!, n!, 0), /whole indices/],
  ['GatherElements ranks', [f(2, 3), i(2)], (at, [x, n]) => g.gatherElements(at, x!, n!, 0), /ranks/],
  ['GatherND depth', [f(2, 3), i(4, 3)], (at, [x, n]) => g.gatherND(at, x!, n!, 0), /indices/],
  ['GatherND batches', [f(2, 3), i(3, 1)], (at, [x, n]) => g.gatherND(at, x!, n!, 1), /batch axes/],
  [
    'ScatterElements',
    [f(2, 3), i(2, 1), f(2, 2)],
    (at, [data, indices, updates]) =>
      g.scatterElements(
        at,
        { data: data!, indices: indices!, updates: updates! },
        { axis: 1, reduction: 'add' },
      ),
    /updates/,
  ],
  ['ReduceSum axis', [f(2)], (at, [x]) => g.reduceSum(at, x!, { axes: [1], keepdims: true }), /axis 1/],
  [
    'ReduceMean of no axes',
    [f(2)],
    (at, [x]) => g.reduceMean(at, x!, { axes: [], keepdims: true }),
    /no axes/,
  ],
  ['ReduceMax twice', [f(2)], (at, [x]) => g.reduceMax(at, x!, { axes: [0, -1], keepdims: true }), /repeat/],
  ['Softmax axis', [f(2)], (at, [x]) => g.softmax(at, x!, 1), /axis 1/],
  ['TopK', [f(2)], (at, [x]) => g.topK(at, x!, { k: 3, axis: 0 }), /3 of \[2\]/],
  ['Pad', [f(2)], (at, [x]) => g.pad(at, x!, { axis: 0, before: -1, after: 0 }), /must not be negative/],
  [
    'LayerNormalization',
    [f(2, 3), f(2)],
    (at, [x, w]) => g.layerNormalization(at, x!, w!, undefined, { axis: -1, epsilon: 1e-5 }),
    /weight \[2\]/,
  ],
  [
    'SimplifiedLayerNormalization',
    [f(2, 3), f(1)],
    (at, [x, w]) => g.simplifiedLayerNormalization(at, x!, w!, { epsilon: 1e-5 }),
    /weight \[1\]/,
  ],
  [
    'SkipSimplifiedLayerNormalization',
    [f(2, 3), f(1, 3), f(3)],
    (at, [x, skip, scale]) =>
      g.skipSimplifiedLayerNormalization(at, x!, { skip: skip!, scale: scale! }, { epsilon: 1e-5 }).normed,
    /\[2,3\] and \[1,3\] cannot be added/,
  ],
  [
    'RotaryEmbedding',
    [f(1, 2, 6), i(1, 2), f(9, 2)],
    (at, [x, positions, table]) => g.rotaryEmbedding(at, x!, positions!, { cos: table!, sin: table! }),
    /heads of 4/,
  ],
  [
    'GroupQueryAttention',
    [f('B', 'T', 30), f('B', 1, 'M', 8), ['int32', 'B'], ['int32']],
    (at, [query, past, seqlens, total]) =>
      g.groupQueryAttention(
        at,
        { query: query!, pastKey: past!, pastValue: past!, seqlens: seqlens!, total: total! },
        { heads: 2, kvHeads: 1, scale: 1 },
      ),
    /query of 30/,
  ],
  [
    'MatMulIntegerToFloat',
    [['uint8', 2, 40], ['uint8', 40, 5], f(5)],
    (at, [x, weight, scales]) =>
      g.matmulIntegerToFloat(at, { x: x!, zero: 128, weight: weight!, scales: scales! }),
    /int8 \[K, N\] and float32 \[N\] expected, got uint8 \[2,40\], uint8 \[40,5\], float32 \[5\]/,
  ],
  [
    'MatMulIntegerToFloat inner sizes',
    [['uint8', 2, 41], ['int8', 40, 5], f(5)],
    (at, [x, weight, scales]) =>
      g.matmulIntegerToFloat(at, { x: x!, zero: 128, weight: weight!, scales: scales! }),
    /got uint8 \[2,41\], int8 \[40,5\]/,
  ],
  [
    'QuantizeLinear',
    [f('N', 3), f('N'), ['uint8', 'N', 1]],
    (at, [x, scales, zeroPoints]) =>
      g.quantizeLinear(at, { x: x!, scales: scales!, zeroPoints: zeroPoints! }),
    /\[M, 1\] expected, got float32 \[N,3\], float32 \[N\], uint8 \[N,1\]/,
  ],
  ...(
    [
      ['x', [f(2, 64), ['uint8', 5, 2, 16], f(5, 2)], /x float32 \[2,40\] expected, got float32 \[2,64\]/],
      ['weight', [f(2, 40), ['uint8', 5, 2, 32], f(5, 2)], /weight uint8 \[5,2,16\] expected/],
      ['scales', [f(2, 40), ['uint8', 5, 2, 16], f(5)], /scales float32 \[5,2\] expected/],
      ['rows', [f(2, 40), ['uint8', 'N', 2, 16], f(5, 2)], /the size N must be known/],
      [
        'zeros',
        [f(2, 40), ['uint8', 5, 2, 16], f(5, 2), ['uint8', 5, 2]],
        /zero points uint8 \[5,1\] expected/,
      ],
    ] as const
  ).map(([what, given, message]): (typeof misfits)[number] => [
    `MatMulNBits ${what}`,
    given,
    (at, [x, quantised, scales, zeroPoints]) =>
      g.matmulNBits(
        at,
        { x: x!, quantised: quantised!, scales: scales!, zeroPoints },
        { inFeatures: 40, bits: 4, blockSize: 32 },
      ),
    message,
  ]),
  ...(
    [
      ['indices', [['uint8', 5, 32], f(2), f(5, 2)], /whole indices expected, got float32/],
      ['blocks', [['uint8', 5, 20], ['int64', 2], f(5, 2)], /whole blocks of 32 expected, got 40 columns/],
      ['weight', [f(5, 32), ['int64', 2], f(5, 2)], /weight uint8 \[5,32\] expected/],
      ['scales', [['uint8', 5, 32], ['int64', 2], f(5, 3)], /scales float32 \[5,2\] expected/],
      [
        'zeros',
        [['uint8', 5, 32], ['int64', 2], f(5, 2), ['uint8', 5, 2]],
        /zero points uint8 \[5,1\] expected/,
      ],
    ] as const
  ).map(([what, given, message]): (typeof misfits)[number] => [
    `GatherBlockQuantized ${what}`,
    given,
    (at, [quantised, indices, scales, zeroPoints]) =>
      g.gatherBlockQuantized(
        at,
        { quantised: quantised!, indices: indices!, scales: scales!, zeroPoints },
        { bits: 4, blockSize: 32 },
      ),
    message,
  ]),
];

describe('shape rules refuse misfits', () => {
  it.each(misfits.map((misfit) => [misfit[0], misfit] as const))('%s', (_, [, given, build, message]) => {
    const graph = new g.Graph();
    const values = given.map(([dtype, ...shape], index) => graph.input(`x${index}`, dtype, shape));
    const attempt = (): unknown => build(graph.root, values);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_graph' }));
  });
});
