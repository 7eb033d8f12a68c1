import { architectureFor, initialise, modelTypes } from '@prad/nn';
import { describe, expect, it } from 'vitest';
import { architectureContract } from './nn/architecture-contract.js';
import { CachedRun } from './nn/cached-run.js';
import { batchOf, fullLogits } from './nn/full-run.js';
import { expectClose, referenceJson } from './nn/reference.js';

/** Tiny models by architecture; each runs through the whole contract. */
const cases: Readonly<Record<string, readonly string[]>> = {
  llama: ['llama', 'llama-untied'],
  gpt2: ['gpt2'],
};

it('has a case for every architecture', () => {
  expect(Object.keys(cases).sort()).toEqual([...modelTypes].sort());
});

Object.values(cases).flat().forEach(architectureContract);

it('rotates inside the attention kernel where heads are wide enough, with the same result', async () => {
  const json = { ...(referenceJson('llama/config.json') as object), head_dim: 16, initializer_range: 0.2 };
  const model = architectureFor(json);
  const tiny = { folder: '', model, weights: initialise(model.parameters, 5) };
  const rows = [{ ids: [3, 9, 27, 81, 50] }, { ids: [7, 49, 60] }];
  const full = await fullLogits(tiny, batchOf(rows.map(({ ids }) => ({ ids: [...ids, 11] }))));
  const run = await CachedRun.open(tiny);
  const prompt = await run.prefill(rows);
  const next = await run.decode([11, 11]);
  await run.close();
  full.forEach((row, b) => {
    expectClose([...prompt[b]!, ...next[b]!], row, 1e-5, `row ${b}`);
  });
});

describe('configs that are refused', () => {
  const llama = referenceJson('llama/config.json') as object;
  const gpt2 = referenceJson('gpt2/config.json') as object;
  it.each([
    [{ ...llama, model_type: 'mamba' }, /model_type "mamba" is not supported; supported are llama, gpt2/],
    [null, /model_type "" is not supported/],
    [
      { ...llama, rope_scaling: { type: 'dynamic', factor: 2 } },
      /rope_scaling.rope_type: only default, linear/,
    ],
    [
      { ...llama, rope_parameters: { rope_type: 'yarn' } },
      /rope_parameters.rope_type: only default, .* got "yarn"/,
    ],
    [{ ...llama, hidden_act: 'gelu' }, /hidden_act: only "silu" is supported, got "gelu"/],
    [{ ...llama, num_key_value_heads: 3 }, /num_key_value_heads: must divide num_attention_heads/],
    [{ ...llama, hidden_size: undefined }, /hidden_size/],
    [
      { ...gpt2, activation_function: 'relu' },
      /activation_function: only "gelu_new" is supported, got "relu"/,
    ],
    [{ ...gpt2, n_head: 5 }, /n_head: must divide n_embd/],
  ])('%#', (config, message) => {
    expect(() => architectureFor(config)).toThrow(message);
  });
});
