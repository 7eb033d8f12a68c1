import type { JsonObject, Tokenizer } from '@prad/formats';

/**
 * The tokens that end an answer: the tokenizer's end token, which answers are trained with, and those that config.json
 * and generation_config.json name. A chat model's own turns often end with another token than its texts (Gemma, Phi-3).
 */
export function endTokensOf(
  { eosTokenId }: Pick<Tokenizer, 'eosTokenId'>,
  ...configs: readonly (JsonObject | undefined)[]
): ReadonlySet<number> {
  const named = configs.flatMap((config) => config?.['eos_token_id'] ?? []);
  const ids = [eosTokenId, ...named].filter((id) => Number.isSafeInteger(id));
  return new Set(ids as number[]);
}
