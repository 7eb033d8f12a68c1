import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { broadcastShapes } from './broadcast.js';
import { one, sameDims } from './inputs.js';
import { shapeOf, shapeVector } from './shape.js';

interface ExpandAttributes {
  readonly shape: GraphShape;
}

// y_ij = x_j; dL/dx_j = sum_i dL/dy_ij, a sum over broadcast axes that the reverse walk takes.
const expandOperator = defineOperator<ExpandAttributes>({
  type: 'Expand',
  infer: (inputs, { shape }) => {
    const x = one('Expand', inputs);
    const result = broadcastShapes('Expand', x.shape, shape);
    if (!sameDims(result, shape))
      throw invalidGraph(`Expand: [${x.shape.join()}] does not fit into [${shape.join()}]`);
    return [{ dtype: x.dtype, shape }];
  },
  vjp: ({ gradient }) => [gradient],
});

/** x repeated along its axes of size 1 (and new leading axes) to `shape`. */
export function expand(at: Scope, x: Value, shape: GraphShape): Value {
  if (sameDims(x.shape, shape)) return x;
  return at.apply1(expandOperator, [x, shapeVector(at, shape)], { shape });
}

/** x repeated to the shape that `like` has when the graph runs. */
export function expandLike(at: Scope, x: Value, like: Value): Value {
  if (like.shape.every((dim) => typeof dim === 'number')) return expand(at, x, like.shape);
  if (sameDims(x.shape, like.shape)) return x;
  return at.apply1(expandOperator, [x, shapeOf(at, like)], { shape: like.shape });
}
