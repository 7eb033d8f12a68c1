import { expect, it } from 'vitest';
import { usableTokenizer } from './usable-tokenizer.js';

it('leaves out added tokens behind the vocabulary, and nothing else', () => {
  const token = (id: number) => ({ id, content: `<${id}>` });
  const json = { model: { type: 'BPE' }, added_tokens: [token(0), token(95), token(96), 'odd'] };
  expect(usableTokenizer(json, 96)).toEqual({ ...json, added_tokens: [token(0), token(95), 'odd'] });
  expect(usableTokenizer({ model: {} }, 96)).toEqual({ model: {} });
});
