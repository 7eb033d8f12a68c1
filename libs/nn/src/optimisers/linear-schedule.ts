import { div, less, maximum, minimum, mul, scalar, sub, where } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

export interface LinearScheduleOptions {
  /** The peak learning rate. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/**
 * transformers' `get_linear_schedule_with_warmup`: up from 0 to the peak over the warm-up, then down to 0 at the last
 * step. `step` is the number of optimiser steps already taken (float32 scalar), so the first step with a warm-up has
 * learning rate 0.
 */
export function linearSchedule(at: Scope, step: Value, options: LinearScheduleOptions): Value {
  const { learningRate, warmupSteps, totalSteps } = options;
  const number = (value: number): Value => scalar(at, value);
  const up = div(at, step, number(Math.max(1, warmupSteps)));
  const left = div(at, sub(at, number(totalSteps), step), number(Math.max(1, totalSteps - warmupSteps)));
  const down = minimum(at, maximum(at, left, number(0)), number(1));
  const factor = where(at, less(at, step, number(warmupSteps)), up, down);
  return mul(at, factor, number(learningRate));
}
