import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { one } from './inputs.js';

// y = x, taken as a constant: no gradient goes on to x.
const detachOperator = defineOperator<undefined>({
  type: 'Identity',
  infer: (inputs) => {
    const { dtype, shape } = one('Identity', inputs);
    return [{ dtype, shape }];
  },
  vjp: () => [undefined],
});

/** x, which counts as a constant in gradients. */
export function detach(at: Scope, x: Value): Value {
  return at.apply1(detachOperator, [x], undefined);
}
