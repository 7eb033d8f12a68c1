import type { GenerationFactsObject, ReadingFactsObject, UsageObject } from '@prad/contracts';
import type { GenerationResult } from '@prad/queue';
import type { Answer, StartedGeneration } from './generation.service.js';
import type { SucceededInference } from './request-queue.js';

export function toUsage({ job }: Pick<Answer, 'job'>): UsageObject {
  const { promptTokens, cachedTokens = 0, completionTokens } = job.usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

export function toFacts({ seed }: StartedGeneration, { job, result }: Answer): GenerationFactsObject {
  return { seed, ...factsOf(job, result.batch) };
}

/** What every request to a model tells. */
export function factsOf(job: SucceededInference, batch: GenerationResult['batch']): ReadingFactsObject {
  const { queueMs, prefillMs, decodeMs } = job.timings;
  return {
    adapter_version: job.adapterVersion,
    timings: { queue_ms: queueMs, prefill_ms: prefillMs, decode_ms: decodeMs },
    batch: batch === null ? null : { max_rows: batch.maxRows, max_adapters: batch.maxAdapters },
  };
}
