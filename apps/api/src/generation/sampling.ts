import type { ResponseFormat } from '@prad/contracts';
import { AppError } from '@prad/errors';
import { objectGrammar, schemaGrammar } from '@prad/json-schema';
import type { GenerationRequest } from '@prad/queue';
import { atField } from '../http/error-response.js';

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
  readonly min_p?: number | null | undefined;
  readonly repetition_penalty?: number | null | undefined;
  readonly frequency_penalty?: number | null | undefined;
  readonly presence_penalty?: number | null | undefined;
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  readonly min_tokens?: number | null | undefined;
  readonly stop_token_ids?: readonly number[] | null | undefined;
  /** How many of the likeliest tokens are told in each place; null: no log-probabilities. */
  readonly topLogprobs?: number | null | undefined;
  /** The same of the prompt's tokens. */
  readonly prompt_logprobs?: number | null | undefined;
  readonly echo?: boolean | null | undefined;
  readonly seed?: number | null | undefined;
  readonly stop?: string | readonly string[] | null | undefined;
  readonly response_format?: ResponseFormat;
  readonly n?: number | null | undefined;
  readonly best_of?: number | null | undefined;
  readonly num_beams?: number | null | undefined;
  readonly length_penalty?: number | null | undefined;
  readonly early_stopping?: boolean | 'never' | null | undefined;
}

/**
 * Fills in OpenAI's defaults. Throws invalid where no prompt could leave room for the tokens asked for, and for a schema that
 * answers cannot be held to.
 */
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
  const minTokens = request.min_tokens ?? 0;
  if (minTokens > maxTokens) {
    throw new AppError({
      kind: 'invalid',
      code: 'too_many_min_tokens',
      message: `\`min_tokens\` must be at most \`${maxTokensField}\`, ${maxTokens}, got ${minTokens}`,
      details: { param: 'min_tokens' },
    });
  }
  const beams = beamsOf(request);
  return {
    ...{ maxTokens, minTokens },
    temperature: request.temperature ?? (beams ? 0 : 1),
    topP: request.top_p ?? 1,
    topK: request.top_k ?? 0,
    minP: request.min_p ?? 0,
    repetitionPenalty: request.repetition_penalty ?? 1,
    frequencyPenalty: request.frequency_penalty ?? 0,
    presencePenalty: request.presence_penalty ?? 0,
    logitBias: { ...request.logit_bias },
    seed: request.seed ?? drawSeed(),
    stop: typeof stop === 'string' ? [stop] : [...(stop ?? [])],
    stopTokenIds: [...(request.stop_token_ids ?? [])],
    logprobs: request.topLogprobs ?? null,
    promptLogprobs: promptLogprobsOf(request),
    echo: request.echo === true,
    ...choices(request, beams),
    beams,
    grammar: grammarOf(request.response_format),
  };
}

function grammarOf(format: ResponseFormat): string | null {
  if (format?.type === 'json_object') return objectGrammar();
  if (format?.type !== 'json_schema') return null;
  try {
    return schemaGrammar(format.json_schema.schema);
  } catch (error) {
    throw atField(error, 'response_format');
  }
}

/** A prompt that is given back has its tokens' likelihood where those of the answer have. */
function promptLogprobsOf({ prompt_logprobs: asked, echo, topLogprobs }: SamplingRequest): number | null {
  return asked ?? (echo === true ? topLogprobs : null) ?? null;
}

/** A search gives its own. */
function choices({ n, best_of: bestOf }: SamplingRequest, beams: GenerationRequest['sampling']['beams']) {
  return beams ? { n: 1, bestOf: 1 } : { n: n ?? 1, bestOf: bestOf ?? n ?? 1 };
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
