import { describe, expect, it } from 'vitest';
import { adaptsAnswers, maskPolicy } from './mask-policies.js';

describe('maskPolicy', () => {
  it('prompt: the prompt with its last token, not the answer', () => {
    expect([...maskPolicy('prompt')({ length: 5, promptLength: 3 })]).toEqual([1, 1, 1, 0, 0]);
    expect([...maskPolicy('prompt')({ length: 2, promptLength: 2 })]).toEqual([1, 1]);
  });

  it('all: every token', () => {
    expect([...maskPolicy('all')({ length: 4, promptLength: 3 })]).toEqual([1, 1, 1, 1]);
  });

  it('knows which scopes need the adapter in decode', () => {
    expect(['prompt', 'all'].map((scope) => [scope, adaptsAnswers(scope)])).toEqual([
      ['prompt', false],
      ['all', true],
    ]);
  });

  it('refuses an unknown scope by name', () => {
    expect(() => maskPolicy('toString')).toThrow(/unknown scope "toString"; known are prompt, all/);
  });
});
