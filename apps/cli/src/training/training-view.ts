import type { FineTuningEventObject } from '@prad/contracts';
import { z } from 'zod';

const eventData = z.object({
  step: z.number().optional(),
  total_steps: z.number().optional(),
  train_loss: z.number().optional(),
  valid_loss: z.number().optional(),
  tokens_per_second: z.number().optional(),
});

/** Values in order: all of them, or of many every second, fourth, ... */
export interface Curve {
  readonly points: readonly number[];
  readonly every: number;
  readonly seen: number;
}

/** How far a training is, as its events tell. */
export interface TrainingView {
  readonly step: number;
  /** Undefined until the training has started. */
  readonly total: number | undefined;
  readonly trainLoss: number | undefined;
  readonly losses: Curve;
  /** Before the first step. */
  readonly firstValidLoss: number | undefined;
  /** The latest. */
  readonly validLoss: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

export const notStarted: TrainingView = {
  step: 0,
  total: undefined,
  trainLoss: undefined,
  losses: { points: [], every: 1, seen: 0 },
  firstValidLoss: undefined,
  validLoss: undefined,
  tokensPerSecond: undefined,
};

/** The view after one more event. */
export function afterEvent(view: TrainingView, { data }: FineTuningEventObject): TrainingView {
  const parsed = eventData.safeParse(data);
  if (!parsed.success) return view;
  const { step, total_steps, train_loss, valid_loss, tokens_per_second } = parsed.data;
  return {
    step: step ?? view.step,
    total: total_steps ?? view.total,
    trainLoss: train_loss ?? view.trainLoss,
    losses: train_loss === undefined ? view.losses : withPoint(view.losses, train_loss),
    firstValidLoss: step === 0 && valid_loss !== undefined ? valid_loss : view.firstValidLoss,
    validLoss: valid_loss ?? view.validLoss,
    tokensPerSecond: tokens_per_second ?? view.tokensPerSecond,
  };
}

const MOST_POINTS = 512;

function withPoint({ points, every, seen }: Curve, value: number): Curve {
  const kept = seen % every === 0 ? [...points, value] : points;
  if (kept.length <= MOST_POINTS) return { points: kept, every, seen: seen + 1 };
  return { points: kept.filter((_, place) => place % 2 === 0), every: 2 * every, seen: seen + 1 };
}
