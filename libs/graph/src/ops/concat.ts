import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Dim, GraphShape, Value, ValueType } from '../value.js';
import { axisOf, dimAt, one, staticDim } from './inputs.js';
import { slice } from './slice.js';

interface ConcatAttributes {
  readonly axis: number;
}

function joinedDim(dims: GraphShape): Dim {
  if (dims.every((dim) => typeof dim === 'number')) return dims.reduce<number>((sum, dim) => sum + dim, 0);
  return dims.filter((dim) => dim !== 0).join('+');
}

function inferConcat(inputs: readonly (ValueType | undefined)[], axis: number): ValueType {
  const first = one('Concat', inputs);
  const present = inputs.filter((input) => input !== undefined);
  for (const { dtype, shape } of present) {
    const fits =
      shape.length === first.shape.length && shape.every((dim, i) => i === axis || dim === first.shape[i]);
    if (dtype !== first.dtype || !fits) {
      const pair = `${first.dtype} [${first.shape.join()}] and ${dtype} [${shape.join()}]`;
      throw invalidGraph(`Concat: ${pair} do not join along axis ${axis}`);
    }
  }
  const joined = joinedDim(present.map(({ shape }) => dimAt(shape, axis)));
  return { dtype: first.dtype, shape: first.shape.map((dim, index) => (index === axis ? joined : dim)) };
}

// y = [x_0, x_1, ...]; each input's gradient is its own part.
const concatOperator = defineOperator<ConcatAttributes>({
  type: 'Concat',
  infer: (inputs, { axis }) => [inferConcat(inputs, axis)],
  vjp: ({ at, inputs, gradient, needs, attributes: { axis } }) => {
    let start = 0;
    return inputs.map((x, index) => {
      if (!x) return undefined;
      const from = start;
      const last = index === inputs.length - 1;
      // What is left is the last one's, whatever its size.
      if (!last) start += staticDim('the gradient of Concat', dimAt(x.shape, axis));
      return needs(index)
        ? slice(at, gradient, { axis, start: from, end: last ? undefined : start })
        : undefined;
    });
  },
  onnx: ({ axis }) => ({ axis }),
});

/** The values one after another along an axis; the other sizes must be equal. */
export function concat(at: Scope, xs: readonly Value[], axis: number): Value {
  const [first] = xs;
  if (!first) throw invalidGraph(`${at.path}: Concat of nothing`);
  if (xs.length === 1) return first;
  return at.apply1(concatOperator, xs, { axis: axisOf('Concat', axis, first.shape.length) });
}
