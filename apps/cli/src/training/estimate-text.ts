import type { FineTuningEstimateObject } from '@prad/contracts';
import { byteText, countText, durationText } from '../output/facts.js';
import { table } from '../output/table.js';

const UNKNOWN = 'unknown';

/** An estimate as aligned lines, each with what it comes from. */
export function estimateText(estimate: FineTuningEstimateObject): string {
  const { trainable_parameters: parameters, rows, sampled_rows: sampled, steps, epochs } = estimate;
  const { memory_bytes: memory, workers, warnings } = estimate;
  const counted = sampled < rows ? `from a sample of ${sampled} of ${rows} rows` : `${rows} rows`;
  const idle = workers.filter(({ busy }) => !busy).length;
  return table(
    ['WHAT', 'ABOUT', ''],
    [
      ['trainable parameters', parameters === null ? UNKNOWN : countText(parameters), ''],
      ['tokens', countText(estimate.total_tokens), `${counted}, the longest ${estimate.longest_row} tokens`],
      ['steps', countText(steps), `${Number(epochs.toFixed(2))} epochs`],
      ['memory', memory === null ? UNKNOWN : byteText(memory), 'of a worker at its peak'],
      ['time', estimate.seconds === null ? UNKNOWN : durationText(estimate.seconds), timeBasis(estimate)],
      ['workers', String(workers.length), `${idle} of them idle`],
      ...warnings.map((warning) => ['warning', '', warning]),
    ],
  );
}

function timeBasis({
  tokens_per_second: rate,
  time_basis: basis,
  measured_jobs: jobs,
  model,
}: FineTuningEstimateObject) {
  if (rate === null || basis === null) return 'no training was measured yet';
  const where = basis === 'model' ? `of ${model}` : 'of other models, by their size';
  return `at ${countText(Math.round(rate))} tokens/s, as ${jobs} ${jobs === 1 ? 'job' : 'jobs'} ${where}`;
}
