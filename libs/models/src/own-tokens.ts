import type { OwnTokens } from '@prad/formats';
import type { ModelAdapter } from '@prad/nn';
import type { BaseModel } from './base-model.js';

/**
 * The tokens that an adapter adds to a model's, with ids behind the model's vocabulary: first its special tokens, then
 * the soft ones in front of every prompt.
 * @throws AppError invalid where a special token is a token of the model already.
 */
export function ownTokens(model: BaseModel, { virtualTokens }: ModelAdapter): OwnTokens {
  const { special = [], inFront = 0, tied = false } = virtualTokens ?? {};
  const { vocabSize } = model.dimensions;
  const promptTokenizer =
    special.length > 0 ? model.tokenizer.withAddedTokens(special, vocabSize) : model.tokenizer;
  const firstSoft = vocabSize + special.length;
  return {
    promptTokenizer,
    inFront: Array.from({ length: inFront }, (_, index) => firstSoft + index),
    // As in the released code, the first of the added tokens ends the answer.
    answers: tied ? { tokenizer: promptTokenizer, endTokenId: vocabSize } : undefined,
  };
}
