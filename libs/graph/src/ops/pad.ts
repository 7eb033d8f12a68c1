import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { int64s } from './constants.js';
import { axisOf, dimAt, one, staticDim } from './inputs.js';

interface PadAttributes {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

// Serves the gradients of other operators only, and second derivatives are not taken.
const padOperator = defineOperator<PadAttributes>({
  type: 'Pad',
  infer: (inputs, { axis, before, after }) => {
    const { dtype, shape } = one('Pad', inputs);
    if (before < 0 || after < 0) throw invalidGraph(`Pad: ${before} and ${after} must not be negative`);
    const size = staticDim('Pad', dimAt(shape, axis)) + before + after;
    return [{ dtype, shape: shape.map((dim, index) => (index === axis ? size : dim)) }];
  },
  vjp: nonDifferentiable,
});

/** x with zeros before and after along one axis. */
export function pad(at: Scope, x: Value, attributes: PadAttributes): Value {
  const axis = axisOf('Pad', attributes.axis, x.shape.length);
  if (attributes.before === 0 && attributes.after === 0) return x;
  const bounds = (amount: number): number[] => x.shape.map((_, index) => (index === axis ? amount : 0));
  const pads = int64s(at, [...bounds(attributes.before), ...bounds(attributes.after)]);
  return at.apply1(padOperator, [x, pads], { ...attributes, axis });
}
