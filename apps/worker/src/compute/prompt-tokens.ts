import type { ServedAdapter } from '@prad/generation';
import type { PromptToken } from '@prad/queue';
import type { GenerateEvent, GenerateParams, RequestPrompt } from './generation-messages.js';
import type { OpenEngine } from './open-engine.js';
import { spelled } from './spelling.js';

interface Asked extends Pick<GenerateParams, 'share' | 'priority' | 'deadline'> {
  readonly prompt: RequestPrompt;
  /** Which of the request's prompts. */
  readonly place: number;
  readonly adapter: ServedAdapter | undefined;
  /** How many of the likeliest tokens are told for each place. */
  readonly logprobs: number;
}

/**
 * How likely the tokens of a prompt are, each behind those before it and through its adapter. The prompt is read once more
 * for it, since what generates keeps the logits of its last token alone.
 */
export async function* promptTokens(
  open: OpenEngine,
  { prompt: written, place, ...asked }: Asked,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  const prompt = open.encode(written, asked.adapter);
  const reader = await open.reader();
  const { likelihoods } = await reader.likelihoods({ ...asked, prompt }, signal);
  const offsets = open.promptOffsets(prompt, asked.adapter);
  const spell = open.promptSpelling(asked.adapter);
  const tokens = prompt.map((tokenId, index): PromptToken => {
    const { logprob, top } = likelihoods[index - 1] ?? { logprob: null, top: [] };
    const token = { tokenId, logprob: logprob ?? 0, offset: offsets[index] ?? 0, top };
    return { ...spelled(token, spell), logprob };
  });
  yield { type: 'prompt', prompt: place, tokens };
}
