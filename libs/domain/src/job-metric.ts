/** What was measured at one optimiser step; null where that step did not measure it. */
export interface JobMetricValues {
  /** Optimiser step, from 0 (before training). */
  readonly step: number;
  /** Mean cross-entropy over the answer positions of the step's batch, in nats. */
  readonly trainLoss: number | null;
  /** The same over the validation file. */
  readonly validLoss: number | null;
  readonly learningRate: number | null;
  /** L2 norm of all gradients before clipping. */
  readonly gradientNorm: number | null;
  readonly tokensPerSecond: number | null;
  /** Wall time of the step in seconds. */
  readonly stepSeconds: number | null;
  /** Share of the batch's positions that is padding, 0 to 1. */
  readonly paddingWaste: number | null;
  /** Model FLOPs utilisation: share of the machine's MatMul rate, 0 to about 1. */
  readonly mfu: number | null;
}

export interface JobMetric extends JobMetricValues {
  readonly jobId: string;
  /** Grows with every write within the job; a repeated step takes a new sequence. */
  readonly sequence: number;
  readonly createdAt: Date;
}

export type NewJobMetric = Pick<JobMetricValues, 'step'> & Partial<JobMetricValues>;
