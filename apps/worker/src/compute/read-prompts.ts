import type { ServedAdapter } from '@prad/generation';
import { eitherSignal } from './either-signal.js';
import type { Engines } from './engines.js';
import type { RequestPrompt } from './generation-messages.js';
import type { OpenEngine } from './open-engine.js';
import type { ReadEvent, ReadParams, ScoredPrompt } from './reading-messages.js';
import { checkPromptTokens } from './spelling.js';

/** Prompts that are turned into tokens in one go: the thread generates for others in between. */
const TOGETHER = 64;

/** Who asks for a reading, and when it is due; see `ReadParams`. */
type Order = Pick<ReadParams, 'share' | 'priority' | 'deadline'>;

/** Reads all prompts of a request; those of any requests to one base share their runs. Throws the signal's reason. */
export async function* readPrompts(
  engines: Engines,
  { base, adapter: named, prompts, wants, ...order }: ReadParams,
  signal: AbortSignal,
): AsyncGenerator<ReadEvent, void> {
  const open = await engines.get(base);
  const adapter = named && (await open.adapter(named));
  checkPromptTokens('input', prompts, open.promptVocabSize(adapter));
  // Ends the other prompts of the request when one fails or the reader leaves.
  const ending = new AbortController();
  const either = eitherSignal(signal, ending.signal);
  try {
    for (let from = 0; from < prompts.length; from += TOGETHER) {
      const read = prompts.slice(from, from + TOGETHER).map((prompt, at): Promise<ReadEvent> => {
        if (wants.kind === 'embedding')
          return embed(open, { prompt, adapter, pooling: wants.pooling, ...order }, either);
        const choices = wants.choices[wants.choices.length === 1 ? 0 : from + at] ?? [];
        return score(open, { prompt, adapter, choices, endToken: wants.endToken, ...order }, either);
      });
      yield* await Promise.all(read);
    }
  } finally {
    ending.abort();
  }
}

interface Asked extends Order {
  readonly prompt: RequestPrompt;
  readonly adapter: ServedAdapter | undefined;
}

async function embed(
  open: OpenEngine,
  { prompt, ...asked }: Asked & { readonly pooling: 'last' | 'mean' },
  signal: AbortSignal,
): Promise<ReadEvent> {
  const reader = await open.reader();
  const request = { ...asked, prompt: open.encode(prompt, asked.adapter) };
  const { vector, ...facts } = await reader.embed(request, signal);
  return { kind: 'embedding', vector, facts };
}

/** How likely each choice is behind a prompt, which is read once for all of them. */
export async function score(
  open: OpenEngine,
  {
    prompt,
    choices,
    endToken,
    ...asked
  }: Asked & { readonly choices: readonly string[]; readonly endToken: boolean },
  signal: AbortSignal,
): Promise<ScoredPrompt> {
  const reader = await open.reader();
  const answers = choices.map((choice) => open.encodeAnswer(choice, endToken));
  const request = { ...asked, prompt: open.encode(prompt, asked.adapter), answers };
  const { logProbabilities, ...facts } = await reader.score(request, signal);
  const scores = logProbabilities.map((tokens) => ({
    logProbability: tokens.reduce((sum, x) => sum + x, 0),
    tokens: tokens.length,
  }));
  return { kind: 'score', choices: scores, facts };
}
