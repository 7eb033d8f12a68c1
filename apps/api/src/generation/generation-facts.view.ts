import type { GenerationFactsObject, UsageObject } from '@prad/contracts';
import type { Answer, StartedGeneration } from './generation.service.js';

export function toUsage({ job }: Answer): UsageObject {
  const { promptTokens, cachedTokens = 0, completionTokens } = job.usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

export function toFacts({ seed }: StartedGeneration, { job, result }: Answer): GenerationFactsObject {
  const { queueMs, prefillMs, decodeMs } = job.timings;
  const { batch } = result;
  return {
    seed,
    adapter_version: job.adapterVersion,
    timings: { queue_ms: queueMs, prefill_ms: prefillMs, decode_ms: decodeMs },
    batch: batch === null ? null : { max_rows: batch.maxRows, max_adapters: batch.maxAdapters },
  };
}
