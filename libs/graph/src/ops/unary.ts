import { defineOperator, type Operator, type VjpContext } from '../operator.js';
import type { Value } from '../value.js';
import { one } from './inputs.js';

/** An elementwise operator of one input; `derivative` gives the gradient by that input. */
export function defineUnary(
  type: string,
  derivative: (context: VjpContext<undefined>) => Value,
): Operator<undefined> {
  return defineOperator<undefined>({
    type,
    infer: (inputs) => {
      const { dtype, shape } = one(type, inputs);
      return [{ dtype, shape }];
    },
    vjp: (context) => [derivative(context)],
  });
}
