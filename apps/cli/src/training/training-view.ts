import type { FineTuningEventObject } from '@prad/contracts';
import { z } from 'zod';

const eventData = z.object({
  step: z.number().optional(),
  total_steps: z.number().optional(),
  train_loss: z.number().optional(),
  valid_loss: z.number().optional(),
  tokens_per_second: z.number().optional(),
});

/** How far a training is, as its events tell. */
export interface TrainingView {
  readonly step: number;
  /** Undefined until the training has started. */
  readonly total: number | undefined;
  readonly trainLoss: number | undefined;
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
    firstValidLoss: step === 0 && valid_loss !== undefined ? valid_loss : view.firstValidLoss,
    validLoss: valid_loss ?? view.validLoss,
    tokensPerSecond: tokens_per_second ?? view.tokensPerSecond,
  };
}
