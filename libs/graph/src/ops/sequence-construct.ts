import type { Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { one } from './inputs.js';

// A list of tensors leaves the graph only; nothing is computed from it.
const sequenceConstructOperator = defineOperator<undefined>({
  type: 'SequenceConstruct',
  infer: (inputs) => {
    const { dtype, shape } = one('SequenceConstruct', inputs);
    return [{ dtype, shape, sequence: true }];
  },
  vjp: nonDifferentiable,
});

/** A sequence of tensors: only good as a graph output (see `Session.runInPlace` of the runtime). */
export function sequenceConstruct(at: Scope, values: readonly Value[]): Value {
  return at.apply1(sequenceConstructOperator, values, undefined);
}
