import { BroadcastChannel } from 'node:worker_threads';
import type { StepFacts } from '@prad/generation';
import type { Metrics } from '@prad/telemetry';
import { STEP_CHANNEL } from '../compute/step-report.js';

const rowBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const shareBuckets = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** Measures the engine's steps, which the generation thread tells. */
export class GenerationMetrics {
  readonly #steps;
  readonly #tokens;
  readonly #queue;
  readonly #firstToken;
  readonly #interToken;
  readonly #rows;
  readonly #occupancy;
  readonly #adapters;
  readonly #channel = new BroadcastChannel(STEP_CHANNEL);

  constructor(
    metrics: Metrics,
    private readonly slots: number,
  ) {
    this.#steps = metrics.histogram<'phase'>({
      name: 'prad_generation_step_seconds',
      help: 'Time of a step: prefill where it read prompts (and answers went on beside them), else decode.',
      labels: ['phase'],
    });
    this.#tokens = metrics.counter<'kind'>({
      name: 'prad_generation_tokens_total',
      help: 'Prompt tokens that were read or kept from earlier ones, completion tokens that were chosen, and those replayed after a preemption.',
      labels: ['kind'],
    });
    this.#queue = metrics.histogram({
      name: 'prad_generation_queue_seconds',
      help: 'Time from the engine’s taking a request to the first step with it.',
    });
    this.#firstToken = metrics.histogram({
      name: 'prad_generation_first_token_seconds',
      help: 'Time from the engine’s taking a request to the first token of its answer.',
    });
    this.#interToken = metrics.histogram({
      name: 'prad_generation_inter_token_seconds',
      help: 'Time between two tokens of an answer; one value for all answers of a step.',
    });
    this.#rows = metrics.histogram(
      { name: 'prad_generation_batch_rows', help: 'Rows of a step.' },
      rowBuckets,
    );
    this.#occupancy = metrics.histogram(
      { name: 'prad_generation_batch_occupancy_ratio', help: 'Rows of a step by the slots there are.' },
      shareBuckets,
    );
    this.#adapters = metrics.histogram(
      { name: 'prad_generation_batch_adapters', help: 'Different adapters among the rows of a step.' },
      [0, ...rowBuckets],
    );
    this.#channel.onmessage = (message: unknown): void => {
      // Only StepReport sends on this channel.
      for (const step of (message as { data: readonly StepFacts[] }).data) this.observe(step);
    };
    this.#channel.unref();
  }

  observe(step: StepFacts): void {
    const rows = step.decodeRows + step.prefillRows;
    this.#steps.observe({ phase: step.prefillRows > 0 ? 'prefill' : 'decode' }, step.ms / 1000);
    this.#tokens.inc({ kind: 'prompt' }, step.promptTokens);
    this.#tokens.inc({ kind: 'completion' }, step.chosen);
    this.#tokens.inc({ kind: 'kept' }, step.keptTokens);
    this.#tokens.inc({ kind: 'replayed' }, step.replayedTokens);
    this.#rows.observe(rows);
    this.#occupancy.observe(rows / this.slots);
    this.#adapters.observe(step.adapters);
    if (step.interTokenMs !== undefined) this.#interToken.observe(step.interTokenMs / 1000);
    for (const ms of step.queueMs) this.#queue.observe(ms / 1000);
    for (const ms of step.firstTokenMs) this.#firstToken.observe(ms / 1000);
  }

  close(): void {
    this.#channel.close();
  }
}
