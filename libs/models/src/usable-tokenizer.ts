import type { JsonObject } from '@prad/formats';

/**
 * A tokenizer.json without the added tokens that the model has no row for, such as Gemma 3's token for images beside
 * its text models: their text is read as any other.
 */
export function usableTokenizer(tokenizer: JsonObject, vocabSize: number): JsonObject {
  const added = tokenizer['added_tokens'];
  if (!Array.isArray(added)) return tokenizer;
  const hasRow = (token: unknown): boolean => {
    const id = typeof token === 'object' && token !== null && 'id' in token ? token.id : undefined;
    return !(typeof id === 'number' && id >= vocabSize);
  };
  return { ...tokenizer, added_tokens: added.filter(hasRow) };
}
