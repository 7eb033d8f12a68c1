import {
  div,
  gather,
  gatherElements,
  logSoftmax,
  mul,
  neg,
  reduceSum,
  squeeze,
  unsqueeze,
} from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

interface AnswerCrossEntropyInputs {
  /** [B*T, E], row after row. */
  readonly hidden: Value;
  /** int64 [N]: flat indices b * T + t of the positions that predict; any index where the weight is 0. */
  readonly positions: Value;
  /** int64 [N]: the token that follows each position. */
  readonly labels: Value;
  /** float32 [N]: 1 for an answer or end token, 0 for filling. */
  readonly weights: Value;
  /** Logits [N, V] of hidden states [N, E]. */
  readonly head: (at: Scope, hidden: Value) => Value;
}

export interface AnswerCrossEntropy {
  /** Scalar: the mean over the weighted tokens. */
  readonly loss: Value;
  /** Scalar: the sum over them; add these (and `weight`) up where several passes make one step. */
  readonly total: Value;
  /** Scalar: the sum of the weights. */
  readonly weight: Value;
  /** [N]: the natural logarithm of each label's probability. */
  readonly logProbabilities: Value;
}

/** Cross-entropy in nats over answer tokens. Only the positions that predict one go through the head. */
export function answerCrossEntropy(at: Scope, inputs: AnswerCrossEntropyInputs): AnswerCrossEntropy {
  const { hidden, positions, labels, weights, head } = inputs;
  const logits = head(at, gather(at, hidden, positions, 0)); // [N, V]
  const chosen = gatherElements(at, logSoftmax(at, logits, 1), unsqueeze(at, labels, [1]), 1); // [N, 1]
  const logProbabilities = squeeze(at, chosen, [1]); // [N]
  const sum = (x: Value): Value => reduceSum(at, x, { axes: [0], keepdims: false });
  const total = neg(at, sum(mul(at, logProbabilities, weights)));
  const weight = sum(weights);
  return { loss: div(at, total, weight), total, weight, logProbabilities };
}
