import { expect, it } from 'vitest';
import { ggufFamilies } from './families.js';
import { tensorName } from './tensor-names.js';

it('maps names and refuses others', () => {
  const llama = ggufFamilies['llama']!;
  expect(tensorName('output.weight', llama)).toBe('lm_head.weight');
  expect(tensorName('blk.12.attn_q.bias', llama)).toBe('model.layers.12.self_attn.q_proj.bias');
  expect(() => tensorName('blk.0.attn_q_norm.weight', llama)).toThrow(/not part of a plain llama model/);
  expect(() => tensorName('blk.0.constructor.weight', llama)).toThrow(/not part/);
});
