import { AppError } from '@prad/errors';
import type { GenerationRequest } from '@prad/queue';

/** The sampling fields of either endpoint, and the limit on tokens under whichever name it came. */
export interface SamplingRequest {
  readonly maxTokens: number | null | undefined;
  /** The request field that holds `maxTokens`. */
  readonly maxTokensField: string;
  /** Taken where `maxTokens` is absent, as far as the context reaches. */
  readonly defaultMaxTokens: number;
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly top_k?: number | null | undefined;
  readonly seed?: number | null | undefined;
  readonly stop?: string | readonly string[] | null | undefined;
  readonly n?: number | null | undefined;
  readonly num_beams?: number | null | undefined;
  readonly length_penalty?: number | null | undefined;
  readonly early_stopping?: boolean | 'never' | null | undefined;
}

/** Fills in OpenAI's defaults. Throws invalid where no prompt could leave room for the tokens asked for. */
export function samplingOf(
  request: SamplingRequest,
  contextLength: number,
  drawSeed: () => number,
): GenerationRequest['sampling'] {
  const { maxTokensField, defaultMaxTokens, stop } = request;
  const maxTokens = request.maxTokens ?? Math.min(defaultMaxTokens, contextLength - 1);
  if (maxTokens >= contextLength) {
    throw new AppError({
      kind: 'invalid',
      code: 'context_length_exceeded',
      message: `\`${maxTokensField}\` must leave room for the prompt: the model's context holds ${contextLength} tokens, got ${maxTokens}`,
      details: { param: maxTokensField },
    });
  }
  const beams = beamsOf(request);
  return {
    maxTokens,
    temperature: request.temperature ?? (beams ? 0 : 1),
    topP: request.top_p ?? 1,
    topK: request.top_k ?? 0,
    seed: request.seed ?? drawSeed(),
    stop: typeof stop === 'string' ? [stop] : [...(stop ?? [])],
    beams,
  };
}

/** Fills in transformers' defaults; null without a search. */
function beamsOf(request: SamplingRequest): GenerationRequest['sampling']['beams'] {
  const { num_beams: numBeams, length_penalty: lengthPenalty, early_stopping: earlyStopping, n } = request;
  if (numBeams === undefined || numBeams === null || numBeams === 1) return null;
  return {
    ...{ numBeams, lengthPenalty: lengthPenalty ?? 1, earlyStopping: earlyStopping ?? false },
    numReturnSequences: n ?? 1,
  };
}
