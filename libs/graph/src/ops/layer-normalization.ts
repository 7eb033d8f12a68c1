import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { add } from './add.js';
import { axisOf, sameDims, two } from './inputs.js';
import { mul } from './mul.js';
import { reciprocal } from './reciprocal.js';
import { reduceMean } from './reduce-mean.js';
import { sqrt } from './sqrt.js';
import { sub } from './sub.js';
import { scalarLike } from './zeros.js';

interface LayerNormalizationAttributes {
  /** The first of the axes that are normalised together; they reach to the last. */
  readonly axis: number;
  readonly epsilon: number;
}

// n = (x - mean x) / s, s = sqrt(var x + epsilon); y = n scale + bias.  With h = g scale:
// dL/dx = (h - mean h - n mean(h n)) / s;  dL/dscale = g n;  dL/dbias = g.
const layerNormalizationOperator = defineOperator<LayerNormalizationAttributes>({
  type: 'LayerNormalization',
  infer: (inputs, { axis }) => {
    const [x, scale] = two('LayerNormalization', inputs);
    const normalised = x.shape.slice(axis);
    for (const weight of [scale, inputs[2]]) {
      if (weight && !sameDims(weight.shape, normalised)) {
        throw invalidGraph(`LayerNormalization: weight [${weight.shape.join()}] for [${x.shape.join()}]`);
      }
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  vjp: ({ at, input, gradient, needs, attributes: { axis, epsilon } }) => {
    const [x, scale] = [input(0), input(1)];
    const mean = (value: Value): Value => meanFrom(at, value, axis);
    const centred = sub(at, x, mean(x));
    const variance = add(at, mean(mul(at, centred, centred)), scalarLike(at, x, epsilon));
    const inverse = reciprocal(at, sqrt(at, variance));
    const normal = mul(at, centred, inverse);
    const byX = (): Value => {
      const h = mul(at, gradient, scale);
      const projected = add(at, mean(h), mul(at, normal, mean(mul(at, h, normal))));
      return mul(at, sub(at, h, projected), inverse);
    };
    return [needs(0) ? byX() : undefined, needs(1) ? mul(at, gradient, normal) : undefined, gradient];
  },
  onnx: ({ axis, epsilon }) => ({ axis, epsilon: { float: epsilon } }),
});

/** The mean over the axes from `axis` to the last, which stay with size 1. */
function meanFrom(at: Scope, x: Value, axis: number): Value {
  const axes = x.shape.map((_, index) => index).slice(axis);
  return reduceMean(at, x, { axes, keepdims: true });
}

/** x with mean 0 and variance 1 over the axes from `axis` on, then scaled and shifted. */
export function layerNormalization(
  at: Scope,
  x: Value,
  scale: Value,
  bias: Value | undefined,
  { axis, epsilon }: LayerNormalizationAttributes,
): Value {
  const counted = axisOf('LayerNormalization', axis, x.shape.length);
  const inputs = bias ? [x, scale, bias] : [x, scale];
  return at.apply1(layerNormalizationOperator, inputs, { axis: counted, epsilon });
}
