import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { add } from './add.js';
import { one } from './inputs.js';
import { mul } from './mul.js';
import { sigmoid } from './sigmoid.js';
import { sub } from './sub.js';
import { scalarLike } from './zeros.js';

// y = x s with s = 1 / (1 + e^-x); dy = (s + y (1 - s)) dx
const quickGeluOperator = defineOperator<undefined>({
  type: 'QuickGelu',
  domain: 'com.microsoft',
  infer: (inputs) => {
    const { dtype, shape } = one('QuickGelu', inputs);
    return [{ dtype, shape }];
  },
  vjp: ({ at, input, output, gradient }) => {
    const s = sigmoid(at, input(0));
    const rest = mul(at, output(0), sub(at, scalarLike(at, s, 1), s));
    return [mul(at, gradient, add(at, s, rest))];
  },
  onnx: () => ({ alpha: { float: 1 } }),
});

/** x sigmoid(x) in one operator: onnxruntime's QuickGelu of alpha 1. */
export function quickGelu(at: Scope, x: Value): Value {
  return at.apply1(quickGeluOperator, [x], undefined);
}
