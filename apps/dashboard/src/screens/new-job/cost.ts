import { hyperparameterDefaults, type LengthDistribution } from '@prad/contracts';
import type { JobValues } from './job-values.js';

/** What a training takes. */
export interface Cost {
  readonly rows: number;
  readonly batchSize: number;
  readonly stepsOfAnEpoch: number;
  readonly epochs: number;
  readonly steps: number;
  /** Tokens that pass through the model, estimated from the lengths of examples; null where they are not known. */
  readonly tokens: number | null;
}

/** The steps as the trainer counts them: an epoch's last batch may be smaller. */
export function costOf(
  rows: number,
  values: Pick<JobValues, 'length' | 'n_epochs' | 'max_steps' | 'batch_size'>,
  lengths: LengthDistribution | undefined,
): Cost {
  const batchSize = values.batch_size === '' ? hyperparameterDefaults.batch_size : values.batch_size;
  const stepsOfAnEpoch = Math.ceil(rows / batchSize);
  const wholeEpochs = values.n_epochs === '' ? hyperparameterDefaults.n_epochs : values.n_epochs;
  const steps =
    values.length === 'steps' ? Number(values.max_steps) : Math.max(1, stepsOfAnEpoch * wholeEpochs);
  const epochs = values.length === 'steps' ? steps / Math.max(stepsOfAnEpoch, 1) : wholeEpochs;
  const tokens = lengths === undefined ? null : Math.round(meanLength(lengths) * rows * epochs);
  return { rows, batchSize, stepsOfAnEpoch, epochs, steps, tokens };
}

function meanLength({ bins }: LengthDistribution): number {
  const examples = bins.reduce((sum, { count }) => sum + count, 0);
  const tokens = bins.reduce((sum, { from, to, count }) => sum + ((from + to - 1) / 2) * count, 0);
  return examples === 0 ? 0 : tokens / examples;
}
