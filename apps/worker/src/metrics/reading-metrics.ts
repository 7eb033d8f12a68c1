import { BroadcastChannel } from 'node:worker_threads';
import type { ReadingRun } from '@prad/generation';
import type { Metrics } from '@prad/telemetry';
import { READING_CHANNEL } from '../compute/step-report.js';

/** Measures the runs of prompts that want no text, which the generation thread tells. */
export class ReadingMetrics {
  readonly #runs;
  readonly #tokens;
  readonly #queue;
  readonly #channel = new BroadcastChannel(READING_CHANNEL);

  constructor(metrics: Metrics) {
    this.#runs = metrics.histogram<'phase'>({
      name: 'prad_reading_run_seconds',
      help: 'Time of a run for embeddings or scores: prefill where it read prompts, score where it read answers behind them.',
      labels: ['phase'],
    });
    this.#tokens = metrics.counter<'kind'>({
      name: 'prad_reading_tokens_total',
      help: 'Tokens that were read for embeddings or scores: of prompts, and those of answers that were scored behind them.',
      labels: ['kind'],
    });
    this.#queue = metrics.histogram({
      name: 'prad_reading_queue_seconds',
      help: 'Time from the reader’s taking a prompt to the first run with it.',
    });
    this.#channel.onmessage = (message: unknown): void => {
      // Only StepReport sends on this channel.
      for (const run of (message as { data: readonly ReadingRun[] }).data) this.observe(run);
    };
    this.#channel.unref();
  }

  observe({ ms, promptTokens, scoredTokens, queueMs }: ReadingRun): void {
    this.#runs.observe({ phase: promptTokens > 0 ? 'prefill' : 'score' }, ms / 1000);
    this.#tokens.inc({ kind: 'prompt' }, promptTokens);
    this.#tokens.inc({ kind: 'answer' }, scoredTokens);
    for (const wait of queueMs) this.#queue.observe(wait / 1000);
  }

  close(): void {
    this.#channel.close();
  }
}
