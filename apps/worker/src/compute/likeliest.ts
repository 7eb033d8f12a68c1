import type { GenerateEvent } from './generation-messages.js';
import type { ScoredPrompt } from './reading-messages.js';

/** The candidate with the highest probability, as the answer: the first of equals. */
export async function* likeliest(
  candidates: readonly string[],
  score: () => Promise<ScoredPrompt>,
  choice: number,
): AsyncGenerator<GenerateEvent, void> {
  const { choices, facts } = await score();
  const logProbabilities = choices.map(({ logProbability }) => logProbability);
  const best = logProbabilities.indexOf(Math.max(...logProbabilities));
  yield { type: 'text', choice, text: candidates[best] ?? '' };
  const { promptTokens, answerTokens, prefillMs, scoreMs, maxRows, maxAdapters } = facts;
  yield {
    ...{ type: 'end', choice, finishReason: 'stop', logProbabilities },
    ...{ promptTokens, cachedTokens: 0, completionTokens: answerTokens },
    ...{ prefillMs, decodeMs: scoreMs, maxRows, maxAdapters },
  };
}
