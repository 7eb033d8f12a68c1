import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable, type Operator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';
import { one } from './inputs.js';

// Truth values are steps: their derivative is 0 or undefined everywhere, so no gradient flows.
function defineComparison(type: string): Operator<undefined> {
  return defineOperator<undefined>({
    type,
    infer: (inputs) => [{ dtype: 'bool', shape: inferElementwise(type, inputs).shape }],
    vjp: nonDifferentiable,
  });
}

const equalOperator = defineComparison('Equal');
const greaterOperator = defineComparison('Greater');
const greaterOrEqualOperator = defineComparison('GreaterOrEqual');
const lessOperator = defineComparison('Less');

const andOperator = defineOperator<undefined>({
  type: 'And',
  infer: (inputs) => {
    const type = inferElementwise('And', inputs);
    if (type.dtype !== 'bool') throw invalidGraph(`And: bool expected, got ${type.dtype}`);
    return [type];
  },
  vjp: nonDifferentiable,
});

const notOperator = defineOperator<undefined>({
  type: 'Not',
  infer: (inputs) => {
    const { dtype, shape } = one('Not', inputs);
    if (dtype !== 'bool') throw invalidGraph(`Not: bool expected, got ${dtype}`);
    return [{ dtype, shape }];
  },
  vjp: nonDifferentiable,
});

/** x = y, broadcast; bool. */
export function equal(at: Scope, x: Value, y: Value): Value {
  return at.apply1(equalOperator, [x, y], undefined);
}

/** x > y, broadcast; bool. */
export function greater(at: Scope, x: Value, y: Value): Value {
  return at.apply1(greaterOperator, [x, y], undefined);
}

/** x >= y, broadcast; bool. */
export function greaterOrEqual(at: Scope, x: Value, y: Value): Value {
  return at.apply1(greaterOrEqualOperator, [x, y], undefined);
}

/** x < y, broadcast; bool. */
export function less(at: Scope, x: Value, y: Value): Value {
  return at.apply1(lessOperator, [x, y], undefined);
}

/** Both x and y, broadcast; bool. */
export function and(at: Scope, x: Value, y: Value): Value {
  return at.apply1(andOperator, [x, y], undefined);
}

/** Not x; bool. */
export function not(at: Scope, x: Value): Value {
  return at.apply1(notOperator, [x], undefined);
}
