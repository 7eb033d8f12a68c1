import { expect, it } from 'vitest';
import { endTokensOf } from './end-tokens.js';

it.each([
  [{ eosTokenId: 1 }, [], [1]],
  [{ eosTokenId: 1 }, [{ eos_token_id: 1 }, { eos_token_id: [1, 106] }], [1, 106]],
  [{ eosTokenId: undefined }, [{ eos_token_id: [2, 7] }, undefined], [2, 7]],
  [{ eosTokenId: 1 }, [{ eos_token_id: null }, { eos_token_id: 'x' }], [1]],
])('%o with %o', (tokenizer, configs, expected) => {
  expect([...endTokensOf(tokenizer, ...configs)]).toEqual(expected);
});
