import { workerData } from 'node:worker_threads';
import type { TokenEvent } from '@prad/generation';
import { serveCompute } from '@prad/runtime';
import { Engines } from './engines.js';
import type { EngineSettings, GenerateEvent, GenerateParams } from './generation-messages.js';
import { likeliest } from './likeliest.js';
import { merge } from './merge.js';
import { StepReport } from './step-report.js';

// The worker's main thread gives its settings, see ComputeThreads.
const steps = new StepReport();
const engines = new Engines(workerData as EngineSettings, (step) => {
  steps.add(step);
});

const handlers = {
  /** Answers all prompts of a request at once; requests of any adapters of one base share their steps. */
  async *generate(
    { base, adapter: named, prompts, candidates, sampling, ...params }: GenerateParams,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent, void> {
    const open = await engines.get(base);
    const adapter = named && (await open.adapter(named));
    const { maxTokens, stop, ...rest } = sampling;
    const { share, priority, deadline } = params;
    const order = { share, priority, deadline };
    // Ends the other prompts of the request when one fails or the reader leaves.
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    try {
      const answers = prompts.map((prompt, choice) => {
        const asked = { prompt: open.encode(prompt, adapter), adapter, sampling: rest, ...order };
        if (!candidates)
          return told(open.engine.submit({ ...asked, maxTokens, stop }, either), choice, signal);
        const scored = candidates.map((text) => {
          const forced = open.encodeAnswer(text);
          return open.engine.submit({ ...asked, forced, maxTokens: forced.length }, either);
        });
        return likeliest(candidates, scored, choice, signal);
      });
      yield* merge(answers);
    } finally {
      ending.abort();
    }
  },
};

/** What the thread answers to. */
export type GenerationHandlers = typeof handlers;

/** One answer's events in the form of the request's. Throws the signal's reason when the answer was cancelled. */
async function* told(
  events: AsyncIterable<TokenEvent>,
  choice: number,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  for await (const event of events) {
    if (event.type === 'token') {
      // PostgreSQL stores every character but this one.
      const text = event.text.replaceAll('\0', '\uFFFD');
      if (text !== '') yield { type: 'text', choice, text };
      continue;
    }
    const { reason, usage, timings, batch } = event;
    if (reason === 'cancelled') throw signal.reason;
    const facts = { ...usage, ...timings, ...batch };
    yield { type: 'end', choice, finishReason: reason, logProbabilities: null, ...facts };
  }
}

serveCompute(handlers, {
  onClose: async () => {
    await engines.close();
    steps.close();
  },
});
