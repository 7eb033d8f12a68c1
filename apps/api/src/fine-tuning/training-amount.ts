import type { TrainingSettings } from '@prad/queue';
import type { ExampleLength } from '../files/file-preview.service.js';

/** How much a training computes. */
export interface TrainingAmount {
  readonly steps: number;
  readonly epochs: number;
  readonly tokensOfAnEpoch: number;
  readonly tokens: number;
  /** Tokens of the longest example that was counted. */
  readonly longest: number;
  /** Examples that pass through the model at once. */
  readonly rowsAtOnce: number;
  /** Share of the tokens that are answers, 0 to 1. */
  readonly answerShare: number;
}

type CountedSetting = 'batchSize' | 'epochs' | 'maxSteps' | 'maxTokensPerBatch' | 'gradientAccumulationSteps';

/** From the lengths of all examples or of a sample, at least one; the steps as the trainer counts them. */
export function trainingAmount(
  rows: number,
  lengths: readonly ExampleLength[],
  settings: Pick<TrainingSettings, CountedSetting>,
): TrainingAmount {
  const sum = lengths.reduce((total, length) => total + length.total, 0);
  const prompts = lengths.reduce((total, length) => total + length.prompt, 0);
  const { epochs: wholeEpochs, maxSteps, gradientAccumulationSteps: passes = 1 } = settings;
  const batch = rowsOfAStep(sum / lengths.length, settings);
  const stepsOfAnEpoch = Math.max(1, Math.ceil(rows / batch));
  const steps = maxSteps ?? stepsOfAnEpoch * wholeEpochs;
  const epochs = steps / stepsOfAnEpoch;
  const tokensOfAnEpoch = Math.round((sum / lengths.length) * rows);
  return {
    ...{ steps, epochs, tokensOfAnEpoch, tokens: Math.round(tokensOfAnEpoch * epochs) },
    longest: lengths.reduce((most, { total }) => Math.max(most, total), 0),
    answerShare: 1 - prompts / sum,
    rowsAtOnce: Math.ceil(Math.min(batch, rows) / passes),
  };
}

/** About so many examples: a budget of tokens is taken to be filled by those of average length. */
function rowsOfAStep(
  meanLength: number,
  { batchSize, maxTokensPerBatch = Infinity }: Pick<TrainingSettings, CountedSetting>,
): number {
  return Math.max(1, Math.min(batchSize, Math.floor(maxTokensPerBatch / meanLength)));
}
