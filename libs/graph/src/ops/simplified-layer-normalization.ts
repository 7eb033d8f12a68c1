import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { add } from './add.js';
import { axisOf, dimAt, sameDims, two } from './inputs.js';
import { mul } from './mul.js';
import { reciprocal } from './reciprocal.js';
import { reduceMean } from './reduce-mean.js';
import { sqrt } from './sqrt.js';
import { sub } from './sub.js';
import { scalarLike } from './zeros.js';

interface SimplifiedLayerNormalizationAttributes {
  readonly epsilon: number;
}

const simplifiedLayerNormalizationOperator = defineOperator<SimplifiedLayerNormalizationAttributes>({
  type: 'SimplifiedLayerNormalization',
  infer: (inputs) => {
    const [x, scale] = two('SimplifiedLayerNormalization', inputs);
    checkScale('SimplifiedLayerNormalization', x, scale);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  vjp: ({ at, input, gradient, needs, attributes: { epsilon } }) => {
    const [byX, byScale] = normGradients(at, { x: input(0), scale: input(1), gradient, epsilon });
    return [needs(0) ? byX() : undefined, needs(1) ? byScale() : undefined];
  },
  onnx: ({ epsilon }) => ({ axis: -1, epsilon: { float: epsilon } }),
});

/** RMSNorm: x over the root of its mean square along the last axis, then scaled. onnxruntime's fused operator. */
export function simplifiedLayerNormalization(
  at: Scope,
  x: Value,
  scale: Value,
  attributes: SimplifiedLayerNormalizationAttributes,
): Value {
  axisOf('SimplifiedLayerNormalization', -1, x.shape.length);
  return at.apply1(simplifiedLayerNormalizationOperator, [x, scale], attributes);
}

/** @throws AppError bug `invalid_graph` unless the scale has one number for each place of x's last axis. */
export function checkScale(operator: string, x: ValueType, scale: ValueType): void {
  if (sameDims(scale.shape, [dimAt(x.shape, -1)])) return;
  throw invalidGraph(`${operator}: weight [${scale.shape.join()}] for [${x.shape.join()}]`);
}

interface NormGradientInputs extends SimplifiedLayerNormalizationAttributes {
  readonly x: Value;
  readonly scale: Value;
  /** dL/dy. */
  readonly gradient: Value;
}

/**
 * How to build dL/dx and dL/dscale of y = n scale, n = x / s, s = sqrt(mean(x x) + epsilon). With h = g scale:
 * dL/dx = (h - n mean(h n)) / s = (h - x mean(h x) / s^2) / s;  dL/dscale = g n.
 * s is computed again with plain operators: the operator's second output is wrong on WebGPU.
 */
export function normGradients(
  at: Scope,
  { x, scale, gradient, epsilon }: NormGradientInputs,
): [byX: () => Value, byScale: () => Value] {
  const mean = (value: Value): Value => reduceMean(at, value, { axes: [-1], keepdims: true });
  const inverse = reciprocal(at, sqrt(at, add(at, mean(mul(at, x, x)), scalarLike(at, x, epsilon))));
  const byX = (): Value => {
    const h = mul(at, gradient, scale);
    const share = mul(at, mean(mul(at, h, x)), mul(at, inverse, inverse));
    return mul(at, sub(at, h, mul(at, x, share)), inverse);
  };
  return [byX, () => mul(at, gradient, mul(at, x, inverse))];
}
