import { Engine, type DecodeWeights, type GenerationRequest, type StepPlan } from '@prad/generation';
import type { Device } from '@prad/runtime';
import { RecordingExecutor, type TinyBase } from './generation-cases.js';

const noText = { endTokens: new Set<number>(), detokenizer: () => ({ push: () => '', end: () => '' }) };

export interface Answer {
  readonly tokens: number[];
  /** Logits that chose each token. */
  readonly logits: Float32Array[];
}

interface EngineSize {
  readonly slots?: number;
  readonly capacity?: number;
  readonly device?: Device;
  readonly decodeWeights?: DecodeWeights;
  readonly prefillTokens?: number;
  readonly cacheTokens?: number;
  readonly prefixCacheBytes?: number;
  readonly bankBytes?: number;
}

/** Answers of all requests, submitted at once to a new engine. */
export async function answers(
  tiny: TinyBase,
  requests: readonly GenerationRequest[],
  {
    slots = 4,
    capacity = 32,
    device = 'cpu',
    decodeWeights = 'f32',
    prefillTokens = 64,
    cacheTokens = 1e6,
    prefixCacheBytes,
    bankBytes,
  }: EngineSize = {},
): Promise<{ answers: Answer[]; plans: readonly StepPlan[] }> {
  const executor = await RecordingExecutor.open(tiny, {
    ...{ slots, capacity, device, decodeWeights },
    ...(bankBytes !== undefined && { bankBytes }),
  });
  const engine = new Engine(executor, noText, {
    ...{ prefillTokens, prefixCacheBytes, cacheBytes: cacheTokens * executor.tokenBytes },
  });
  const tokens = await Promise.all(
    requests.map(async (request) => {
      const ids: number[] = [];
      for await (const event of engine.submit(request)) if (event.type === 'token') ids.push(event.tokenId);
      return ids;
    }),
  );
  await engine.close();
  return {
    answers: tokens.map((ids, request) => ({ tokens: ids, logits: executor.logitsOf(request) })),
    plans: executor.plans,
  };
}
