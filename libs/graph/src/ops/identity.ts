import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { defineUnary } from './unary.js';

// dx
const identityOperator = defineUnary('Identity', ({ gradient }) => gradient);

/** x itself under a new name. */
export function identity(at: Scope, x: Value): Value {
  return at.apply1(identityOperator, [x], undefined);
}
