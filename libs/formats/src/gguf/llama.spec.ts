import { describe, expect, it } from 'vitest';
import { llamaTensorName, unpermuteRows } from './llama.js';

describe('unpermuteRows', () => {
  it('takes even rows of a head first, then odd ones, each head for itself', () => {
    const rows = Float32Array.from({ length: 16 }, (_, index) => index);
    expect([...unpermuteRows(rows, 2, 2)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
  });
});

describe('llamaTensorName', () => {
  it('maps names and refuses others', () => {
    expect(llamaTensorName('output.weight')).toBe('lm_head.weight');
    expect(llamaTensorName('blk.12.attn_q.bias')).toBe('model.layers.12.self_attn.q_proj.bias');
    expect(() => llamaTensorName('rope_freqs.weight')).toThrow(/not part of a plain llama model/);
    expect(() => llamaTensorName('blk.0.constructor.weight')).toThrow(/not part/);
  });
});
