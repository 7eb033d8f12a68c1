import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
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

// n = x / s, s = sqrt(mean(x x) + epsilon); y = n scale.  With h = g scale:
// dL/dx = (h - n mean(h n)) / s = (h - x mean(h x) / s^2) / s;  dL/dscale = g n.
// s is computed again with plain operators: the operator's second output is wrong on WebGPU.
const simplifiedLayerNormalizationOperator = defineOperator<SimplifiedLayerNormalizationAttributes>({
  type: 'SimplifiedLayerNormalization',
  infer: (inputs) => {
    const [x, scale] = two('SimplifiedLayerNormalization', inputs);
    if (!sameDims(scale.shape, [dimAt(x.shape, -1)])) {
      throw invalidGraph(
        `SimplifiedLayerNormalization: weight [${scale.shape.join()}] for [${x.shape.join()}]`,
      );
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  vjp: ({ at, input, gradient, needs, attributes: { epsilon } }) => {
    const [x, scale] = [input(0), input(1)];
    const mean = (value: Value): Value => reduceMean(at, value, { axes: [-1], keepdims: true });
    const inverse = reciprocal(at, sqrt(at, add(at, mean(mul(at, x, x)), scalarLike(at, x, epsilon))));
    const byX = (): Value => {
      const h = mul(at, gradient, scale);
      const share = mul(at, mean(mul(at, h, x)), mul(at, inverse, inverse));
      return mul(at, sub(at, h, mul(at, x, share)), inverse);
    };
    return [needs(0) ? byX() : undefined, needs(1) ? mul(at, gradient, mul(at, x, inverse)) : undefined];
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
