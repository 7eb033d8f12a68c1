import {
  add,
  concat,
  encodeOnnx,
  expand,
  expandLike,
  gemm,
  Graph,
  reshape,
  scalar,
  slice,
  softmax,
  transpose,
} from '@prad/graph';
import { Session } from '@prad/runtime';
import { zeros } from '@prad/tensor';
import { expect, it } from 'vitest';

it('sizes that are names take whatever is fed', async () => {
  const graph = new Graph();
  const at = graph.root;
  const x = graph.input('x', 'float32', ['B', 'T', 4]);
  const w = graph.input('w', 'float32', [6, 4]);
  const rows = reshape(at, x, ['B*T', 4]);
  const back = reshape(at, gemm(at, rows, w, { transB: true }), ['B', 'T', 6]);
  const heads = transpose(at, reshape(at, back, ['B', 'T', 2, 3]), [0, 2, 1, 3]);
  graph.output('back', back);
  graph.output('heads', softmax(at, heads, -1));
  graph.output('joined', concat(at, [back, back], 1));
  graph.output('last', slice(at, back, { axis: 1, start: -1 }));
  graph.output('like', expandLike(at, scalar(at, 1), back));
  graph.output('mask', expand(at, scalar(at, 0), ['B', 1, 'T', 'T']));
  graph.output('ids', add(at, expand(at, scalar(at, 0), ['B*T', 1]), rows));
  const session = await Session.open(encodeOnnx(graph));
  for (const [b, t] of [
    [2, 3],
    [1, 5],
    [3, 1],
  ] as const) {
    const results = await session.run({ x: zeros('float32', [b, t, 4]), w: zeros('float32', [6, 4]) });
    const shapes = Object.fromEntries(Object.entries(results).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({
      back: [b, t, 6],
      heads: [b, 2, t, 3],
      joined: [b, 2 * t, 6],
      last: [b, 1, 6],
      like: [b, t, 6],
      mask: [b, 1, t, t],
      ids: [b * t, 4],
    });
  }
  await session.close();
});
