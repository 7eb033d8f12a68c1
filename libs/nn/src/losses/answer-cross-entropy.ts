import {
  add,
  div,
  gather,
  gatherElements,
  logSoftmax,
  mul,
  neg,
  reduceMean,
  reduceSum,
  scalar,
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
  /**
   * Share of each label's probability that is spread evenly over the vocabulary, as torch's `label_smoothing`:
   * (1 - s) times the loss of the label plus s times the mean loss of all tokens. 0 by default.
   */
  readonly labelSmoothing?: number | undefined;
}

export interface AnswerCrossEntropy {
  /** Scalar: the mean over the weighted tokens. */
  readonly loss: Value;
  /** Scalar: the sum over them; add these (and `weight`) up where several passes make one step. */
  readonly total: Value;
  /** Scalar: the sum of the weights. */
  readonly weight: Value;
  /** [N]: what each token adds to the sum. */
  readonly losses: Value;
  /** [N]: the natural logarithm of each label's probability. */
  readonly logProbabilities: Value;
}

/** Cross-entropy in nats over answer tokens. Only the positions that predict one go through the head. */
export function answerCrossEntropy(at: Scope, inputs: AnswerCrossEntropyInputs): AnswerCrossEntropy {
  const { hidden, positions, labels, weights, head, labelSmoothing = 0 } = inputs;
  const logits = head(at, gather(at, hidden, positions, 0)); // [N, V]
  const all = logSoftmax(at, logits, 1);
  const logProbabilities = squeeze(at, gatherElements(at, all, unsqueeze(at, labels, [1]), 1), [1]); // [N]
  const sum = (x: Value): Value => reduceSum(at, x, { axes: [0], keepdims: false });
  const smoothed = (): Value =>
    add(
      at,
      mul(at, logProbabilities, scalar(at, 1 - labelSmoothing)),
      mul(at, reduceMean(at, all, { axes: [1], keepdims: false }), scalar(at, labelSmoothing)),
    );
  const scores = labelSmoothing === 0 ? logProbabilities : smoothed();
  const losses = neg(at, mul(at, scores, weights));
  const total = sum(losses);
  const weight = sum(weights);
  return { loss: div(at, total, weight), total, weight, losses, logProbabilities };
}
