/** Names of Hugging Face's `lr_scheduler_type`; all warm up linearly. */
export const schedulerTypes = ['linear', 'cosine', 'constant'] as const;
export type SchedulerType = (typeof schedulerTypes)[number];

export interface ScheduleOptions {
  /** The peak learning rate. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  /** `linear` by default. */
  readonly schedulerType?: SchedulerType | undefined;
}

/**
 * The learning rate of the next step, `step` steps having been taken: up from 0 to the peak over the warm-up, then as
 * transformers' `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` and
 * `get_constant_schedule_with_warmup` have it. So the first step of a warm-up has learning rate 0.
 */
export function learningRateAt(step: number, options: ScheduleOptions): number {
  const { learningRate, warmupSteps, totalSteps, schedulerType = 'linear' } = options;
  if (step < warmupSteps) return learningRate * (step / warmupSteps);
  const done = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * afterWarmup[schedulerType](Math.min(1, done));
}

/** The share of the peak by the share of the steps after the warm-up that are done. */
const afterWarmup: Readonly<Record<SchedulerType, (done: number) => number>> = {
  linear: (done) => 1 - done,
  cosine: (done) => 0.5 * (1 + Math.cos(Math.PI * done)),
  constant: () => 1,
};
