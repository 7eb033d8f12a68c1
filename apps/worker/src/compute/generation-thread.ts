import { workerData } from 'node:worker_threads';
import type { FoundAnswer, ReadingRun, StepFacts, TokenEvent } from '@prad/generation';
import { choicesPerPrompt } from '@prad/queue';
import { serveCompute } from '@prad/runtime';
import { eitherSignal } from './either-signal.js';
import { echoed } from './echoed.js';
import { Engines } from './engines.js';
import type { EngineSettings, GenerateEvent, GenerateParams } from './generation-messages.js';
import { likeliest } from './likeliest.js';
import { merge } from './merge.js';
import { promptTokens } from './prompt-tokens.js';
import { readPrompts, score } from './read-prompts.js';
import { checkPromptTokens, checkTokenIds, spelled, type Spelling } from './spelling.js';
import { storable } from './storable.js';
import type { ReadEvent, ReadParams } from './reading-messages.js';
import { READING_CHANNEL, STEP_CHANNEL, StepReport } from './step-report.js';

// The worker's main thread gives its settings, see ComputeThreads.
const steps = new StepReport<StepFacts>(STEP_CHANNEL);
const runs = new StepReport<ReadingRun>(READING_CHANNEL);
const engines = new Engines(workerData as EngineSettings, {
  onStep: (step) => {
    steps.add(step);
  },
  onRun: (run) => {
    runs.add(run);
  },
});

const handlers = {
  /** Answers all prompts of a request at once; requests of any adapters of one base share their steps. */
  async *generate(
    { base, adapter: named, prompts, candidates, sampling, ...params }: GenerateParams,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent, void> {
    const open = await engines.get(base);
    const adapter = named && (await open.adapter(named));
    const { maxTokens, stop, stopTokenIds, logprobs, promptLogprobs, n, bestOf, beams, ...others } = sampling;
    const { grammar: ebnf, echo, ...rest } = others;
    checkTokenIds(sampling, open.vocabSize);
    checkPromptTokens('prompt', prompts, open.promptVocabSize(adapter));
    const grammar = ebnf === null ? undefined : await open.grammar(ebnf);
    const { share, priority, deadline } = params;
    const order = { share, priority, deadline };
    // Ends the other prompts of the request when one fails or the reader leaves.
    const ending = new AbortController();
    const either = eitherSignal(signal, ending.signal);
    try {
      const answers = prompts.map((prompt, place) => {
        if (candidates) {
          const asked = { prompt, adapter, choices: candidates, endToken: true, ...order };
          return likeliest(candidates, () => score(open, asked, either), place);
        }
        const asked = { prompt: open.encode(prompt, adapter), adapter, sampling: rest, ...order };
        const request = {
          ...{ ...asked, maxTokens, stop, stopTokenIds, n, bestOf, beams: beams ?? undefined, grammar },
          logprobs: logprobs ?? undefined,
          // As OpenAI's completions list it and its chat completions do not.
          logprobOfEnd: prompt.kind !== 'messages',
        };
        const first = place * choicesPerPrompt(sampling);
        const told = toldOf(open.engine.submit(request, either), { first, spell: open.spell, signal });
        return echo ? echoed(told, open.textOf(prompt, adapter)) : told;
      });
      const asked = { adapter, logprobs: promptLogprobs ?? 0, ...order };
      const read = promptLogprobs === null ? [] : prompts;
      const told = read.map((prompt, place) => promptTokens(open, { prompt, place, ...asked }, either));
      yield* merge([...told, ...answers]);
    } finally {
      ending.abort();
    }
  },

  /** Reads the prompts of a request that wants no text. */
  read(params: ReadParams, signal: AbortSignal): AsyncGenerator<ReadEvent, void> {
    return readPrompts(engines, params, signal);
  },
};

/** What the thread answers to. */
export type GenerationHandlers = typeof handlers;

/**
 * The events of a prompt's answers, one by one or all that a beam search found, in the form of the request's; the first of
 * them is the choice `first`. Throws the signal's reason when the answers were cancelled.
 */
async function* toldOf(
  events: AsyncIterable<TokenEvent>,
  {
    first,
    spell,
    signal,
  }: { readonly first: number; readonly spell: Spelling; readonly signal: AbortSignal },
): AsyncGenerator<GenerateEvent, void> {
  let found: readonly FoundAnswer[] = [];
  for await (const event of events) {
    if (event.type === 'token') {
      const text = storable(event.text);
      const tokens = event.shown?.map((shown) => spelled(shown, spell));
      if (text !== '' || tokens?.length)
        yield { type: 'text', choice: first + event.choice, text, ...(tokens && { tokens }) };
      continue;
    }
    if (event.type === 'found') {
      found = event.answers;
      continue;
    }
    const { choice: own, reason, usage, timings, batch } = event;
    if (reason === 'cancelled') throw signal.reason;
    const facts = { logProbabilities: null, ...usage, ...timings, ...batch };
    if (found.length === 0) yield { type: 'end', choice: first + own, finishReason: reason, ...facts };
    for (const [place, { text, tokens, reason: finishReason }] of found.entries()) {
      const choice = first + place;
      if (text !== '') yield { type: 'text', choice, text: storable(text) };
      // The prompt was read once for all of them.
      const prompt = place === 0 ? {} : { promptTokens: 0, cachedTokens: 0 };
      yield { type: 'end', choice, finishReason, ...facts, ...prompt, completionTokens: tokens.length };
    }
  }
}

serveCompute(handlers, {
  onClose: async () => {
    await engines.close();
    steps.close();
    runs.close();
  },
});
