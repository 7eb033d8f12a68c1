import type { MixedAnswers } from './ask.js';
import type { TrainedTask } from './train-tasks.js';

/** A trained task with the share of right answers of both models on its test set. */
export interface ScoredTask extends TrainedTask {
  readonly baseScore: number;
  readonly adapterScore: number;
}

/** What the demonstration promised and did not show; empty when all is well. */
export function shortcomings(tasks: readonly ScoredTask[], mixed: MixedAnswers): readonly string[] {
  const problems = tasks.flatMap(({ task, lossBefore, lossAfter, baseScore, adapterScore }) => {
    const { adapter, gain } = task.threshold;
    return [
      ...expectThat(lossAfter < lossBefore, `${task.name}: the validation loss did not fall`),
      ...expectThat(
        adapterScore >= adapter,
        `${task.name}: the adapter's ${task.measure} is ${percent(adapterScore)}, at least ${percent(adapter)} was expected`,
      ),
      ...expectThat(
        adapterScore - baseScore >= gain,
        `${task.name}: the adapter beats the base by ${percent(adapterScore - baseScore)}, at least ${percent(gain)} was expected`,
      ),
    ];
  });
  const mixedEnough = mixed.maxRows > 1 && mixed.maxAdapters >= tasks.length;
  return [...problems, ...expectThat(mixedEnough, 'the requests of both tasks never shared a step')];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function expectThat(holds: boolean, otherwise: string): readonly string[] {
  return holds ? [] : [otherwise];
}
