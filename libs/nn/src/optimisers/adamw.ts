import { add, div, mul, scalar, sqrt, sub, tanh } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

export interface AdamWOptions {
  /** Decay of the mean of gradients. */
  readonly beta1: number;
  /** Decay of the mean of squared gradients. */
  readonly beta2: number;
  readonly epsilon: number;
  /** Taken off the parameters in proportion to the learning rate, beside the gradient. */
  readonly weightDecay: number;
}

/** torch's defaults but for the weight decay, which the method trains without. */
export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** A parameter with its gradient and its two moments, all of one shape; the moments start as zeros. */
interface AdamWState {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** What is the same for all parameters of one step. */
interface AdamWStep {
  /** One parameter and its moments after the step. */
  readonly update: (at: Scope, state: AdamWState) => Omit<AdamWState, 'gradient'>;
}

/**
 * AdamW as torch computes it. `step` is the number of optimiser steps already taken and `learningRate` the rate of
 * this one, both float32 scalars:
 *   p <- p (1 - lr decay);  m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;
 *   p <- p - lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + epsilon),  t = step + 1.
 */
export function adamW(at: Scope, step: Value, learningRate: Value, options: AdamWOptions): AdamWStep {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const time = add(at, step, scalar(at, 1));
  const rate = div(at, learningRate, biasCorrection(at, time, beta1));
  const root = sqrt(at, biasCorrection(at, time, beta2));
  const kept = sub(at, scalar(at, 1), mul(at, learningRate, scalar(at, weightDecay)));
  const update: AdamWStep['update'] = (place, { parameter, gradient, mean, variance }) => {
    const number = (value: number): Value => scalar(place, value);
    const m = add(place, mul(place, mean, number(beta1)), mul(place, gradient, number(1 - beta1)));
    const squared = mul(place, mul(place, gradient, gradient), number(1 - beta2));
    const v = add(place, mul(place, variance, number(beta2)), squared);
    const scale = add(place, div(place, sqrt(place, v), root), number(epsilon));
    const decayed = weightDecay === 0 ? parameter : mul(place, parameter, kept);
    return { parameter: sub(place, decayed, mul(place, div(place, m, scale), rate)), mean: m, variance: v };
  };
  return { update };
}

/**
 * 1 - beta^t. With u = tanh(-t ln(beta) / 2) it is 2u / (1 + u), which stays exact where beta^t is close to 1 and
 * the difference would lose its digits.
 */
function biasCorrection(at: Scope, time: Value, beta: number): Value {
  const u = tanh(at, mul(at, time, scalar(at, -Math.log(beta) / 2)));
  return div(at, mul(at, u, scalar(at, 2)), add(at, u, scalar(at, 1)));
}
