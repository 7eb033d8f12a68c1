import { describe, expect, it } from 'vitest';
import type { MetadataValue } from '@huggingface/gguf';
import { errorOf } from '../../testing/outcome.js';
import { Tokenizer } from '../tokenizer/tokenizer.js';
import { byteLevelTokenizer } from './byte-level-tokenizer.js';
import { GgufMetadata } from './metadata.js';

const key = (name: string): string => `tokenizer.ggml.${name}`;

/** A vocabulary whose token `abc` no merge makes. */
function metadata(pre: string, more: Readonly<Record<string, MetadataValue>> = {}): GgufMetadata {
  const values: Record<string, MetadataValue> = {
    [key('pre')]: pre,
    [key('tokens')]: ['<bos>', 'a', 'b', 'c', 'ab', 'abc', '<own>'],
    [key('token_type')]: [3, 1, 1, 1, 1, 1, 4],
    [key('merges')]: ['a b'],
    [key('bos_token_id')]: 0,
    ...more,
  };
  return new GgufMetadata('file.gguf', new Map(Object.entries(values)));
}

describe('byteLevelTokenizer', () => {
  it('takes a piece that is a token as it is, and adds a begin token, where the rule says so', () => {
    expect(Tokenizer.fromJson(byteLevelTokenizer(metadata('llama-bpe'))).encode('abc')).toEqual([0, 5]);
    expect(Tokenizer.fromJson(byteLevelTokenizer(metadata('dbrx'))).encode('abc')).toEqual([4, 3]);
    const without = metadata('llama-bpe', { [key('add_bos_token')]: false });
    expect(Tokenizer.fromJson(byteLevelTokenizer(without)).encode('abc')).toEqual([5]);
    const added = metadata('dbrx', { [key('add_bos_token')]: true });
    expect(Tokenizer.fromJson(byteLevelTokenizer(added)).encode('ab')).toEqual([0, 4]);
  });

  it('finds control and user-defined tokens in a text, of which the first are special', () => {
    const tokenizer = Tokenizer.fromJson(byteLevelTokenizer(metadata('gpt-2')));
    expect(tokenizer.encode('a<own>b<bos>')).toEqual([1, 6, 2, 0]);
    expect([0, 6].map((id) => tokenizer.isSpecial(id))).toEqual([true, false]);
  });

  it.each<[string, Record<string, MetadataValue>, RegExp]>([
    ['a token twice', { tokens: ['a', 'a'], token_type: [1, 1] }, /tokens holds a token twice/],
    ['types for other tokens', { token_type: [1] }, /token_type must be as long as the 7 tokens/],
    [
      'a begin token beyond the vocabulary',
      { bos_token_id: 7, add_bos_token: true },
      /below the vocabulary size 7/,
    ],
    ['a rule that is not known', { pre: 'constructor' }, /pre must be one of .*, got "constructor"/],
  ])('refuses %s', async (_, values, message) => {
    const more = Object.fromEntries(Object.entries(values).map(([name, value]) => [key(name), value]));
    const error = await errorOf(() => byteLevelTokenizer(metadata('gpt-2', more)));
    expect(error.kind).toBe('invalid');
    expect(error.message).toMatch(message);
  });
});
