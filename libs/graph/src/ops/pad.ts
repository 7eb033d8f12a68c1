import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Dim, Value } from '../value.js';
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

interface PadToAttributes {
  readonly axis: number;
  readonly size: Dim;
}

// How much is missing shows when the graph runs only, so it is fed.
const padToOperator = defineOperator<PadToAttributes>({
  type: 'Pad',
  infer: (inputs, { axis, size }) => {
    const { dtype, shape } = one('Pad', inputs);
    return [{ dtype, shape: shape.map((dim, index) => (index === axis ? size : dim)) }];
  },
  vjp: nonDifferentiable,
});

/**
 * x with zeros behind it along one axis, up to `size`. `pads` int64 [2 * rank] says the same to the operator: 0 but for
 * the number of zeros at place rank + axis.
 */
export function padTo(at: Scope, x: Value, pads: Value, attributes: PadToAttributes): Value {
  const rank = x.shape.length;
  if (pads.dtype !== 'int64' || pads.shape[0] !== 2 * rank)
    throw invalidGraph(`Pad: int64 [${2 * rank}] pads expected, got ${pads.dtype} [${pads.shape.join()}]`);
  return at.apply1(padToOperator, [x, pads], { ...attributes, axis: axisOf('Pad', attributes.axis, rank) });
}
