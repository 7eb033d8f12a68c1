import type { ScoreListObject } from '@prad/contracts';
import { toSeconds } from '../http/page.view.js';
import { factsOf, toUsage } from './generation-facts.view.js';
import type { ReadingAnswer } from './reading.service.js';

type Score = ReadingAnswer<'score'>['result']['scores'][number][number];
type Item = ScoreListObject['data'][number];

/** @param choices of every prompt, or of each in their order. */
export function toScores(
  { job, model, result }: ReadingAnswer<'score'>,
  choices: readonly (readonly string[])[],
): ScoreListObject {
  return {
    ...{ id: job.id, object: 'list', created: toSeconds(job.createdAt), model },
    data: result.scores.map((scores, index) => ({
      ...{ object: 'score', index },
      ...itemOf(scores, choices[choices.length === 1 ? 0 : index] ?? []),
    })),
    usage: toUsage({ job }),
    prad: factsOf(job, result.batch),
  };
}

function itemOf(scores: readonly Score[], texts: readonly string[]): Pick<Item, 'choices' | 'best_choice'> {
  const logs = scores.map(({ logProbability }) => logProbability);
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    choices: scores.map(({ logProbability, tokens }, index) => ({
      ...{ index, text: texts[index] ?? '' },
      log_probability: logProbability,
      mean_log_probability: logProbability / tokens,
      tokens,
      probability: (weights[index] ?? 0) / total,
    })),
    best_choice: logs.indexOf(highest),
  };
}
