import { architectureFor, initialise, modelTypes } from '@prad/nn';
import { afterAll, describe, expect, it } from 'vitest';
import { architectureContract } from './nn/architecture-contract.js';
import { CachedRun } from './nn/cached-run.js';
import { printDifferences } from './nn/differences.js';
import { batchOf, fullLogits } from './nn/full-run.js';
import { expectClose, referenceJson, tinyModel } from './nn/reference.js';

/** Tiny models by architecture; each runs through the whole contract. */
const cases: Readonly<Record<string, readonly string[]>> = {
  llama: ['llama', 'llama-untied', 'llama3', 'llama-linear'],
  gpt2: ['gpt2'],
  mistral: ['mistral'],
  qwen2: ['qwen2'],
  qwen3: ['qwen3'],
  gemma2: ['gemma2'],
  gemma3_text: ['gemma3_text'],
  phi3: ['phi3'],
  gpt_neox: ['gpt_neox', 'gpt_neox-serial'],
};

it('has a case for every architecture', () => {
  expect(Object.keys(cases).sort()).toEqual([...modelTypes].sort());
});

Object.values(cases)
  .flat()
  .forEach((folder) => {
    architectureContract(folder);
  });

afterAll(printDifferences);

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

describe('windows', () => {
  const windows = (json: unknown): (number | undefined)[] => {
    const { layers, attention } = architectureFor(json).dimensions;
    return Array.from({ length: layers }, (_, layer) => attention(layer).window);
  };
  const json = (folder: string): object => referenceJson(`${folder}/config.json`) as object;
  it.each<[string, object, (number | undefined)[]]>([
    ['mistral', { sliding_window: null }, [undefined, undefined]],
    ['qwen2', { use_sliding_window: true }, [undefined, 4]],
    ['qwen3', { use_sliding_window: true, sliding_window: 7, max_window_layers: 0 }, [7, 7]],
    [
      'qwen3',
      { use_sliding_window: true, sliding_window: 7, layer_types: ['sliding_attention', 'full_attention'] },
      [7, undefined],
    ],
    ['gemma2', {}, [4, undefined, 4, undefined]],
    [
      'gemma3_text',
      { sliding_window_pattern: undefined, num_hidden_layers: 7 },
      [4, 4, 4, 4, 4, undefined, 4],
    ],
    ['phi3', { sliding_window: null }, [undefined, undefined]],
  ])('%s with %o', (folder, change, expected) => {
    expect(windows({ ...json(folder), ...change })).toEqual(expected);
  });
});

it('reads the factors of frequencies that linear scaling is', async () => {
  const tiny = await tinyModel('llama-linear');
  const rope_scaling = { rope_type: 'factors', factors: [4, 4, 4, 4] };
  const json = { ...(referenceJson('llama-linear/config.json') as object), rope_scaling };
  const batch = batchOf([{ ids: [3, 9, 27, 81, 50] }]);
  const factors = await fullLogits({ ...tiny, model: architectureFor(json) }, batch);
  expect(factors).toEqual(await fullLogits(tiny, batch));
});

describe('configs that are refused', () => {
  const llama = referenceJson('llama/config.json') as object;
  const gpt2 = referenceJson('gpt2/config.json') as object;
  const folders = ['mistral', 'qwen2', 'qwen3', 'gemma2', 'gemma3_text', 'phi3', 'gpt_neox'];
  const [mistral, qwen2, qwen3, gemma2, gemma3, phi3, neox] = folders.map(
    (folder) => referenceJson(`${folder}/config.json`) as object,
  );
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
    [{ ...mistral, sliding_window: undefined }, /sliding_window/],
    [{ ...mistral, attention_bias: true }, /attention_bias: only false is supported, got true/],
    [{ ...mistral, head_dim: 7 }, /partial_rotary_factor 1 turns 7 of the 7 numbers of a head/],
    [{ ...qwen2, use_sliding_window: true, sliding_window: null }, /sliding_window: must be a number/],
    [{ ...qwen2, use_sliding_window: true, max_window_layers: null }, /max_window_layers: must be a number/],
    [{ ...qwen2, layer_types: ['full_attention', 'sliding_attention'] }, /layer_types: must all be full/],
    [{ ...qwen2, use_mrope: true }, /use_mrope: only false is supported, got true/],
    [
      { ...qwen2, quantization_config: { quant_method: 'gptq' }, hidden_act: 'gelu' },
      /config.json of qwen2: quantization_config: quantised checkpoints are not supported; hidden_act/,
    ],
    [{ ...qwen3, layer_types: ['full_attention'] }, /layer_types: must name one type for each/],
    [
      { ...qwen3, layer_types: ['full_attention', 'chunked_attention'] },
      /layer_types.1: only full_attention and sliding_attention are supported, got "chunked_attention"/,
    ],
    [{ ...qwen3, head_dim: undefined }, /head_dim/],
    [{ ...qwen3, num_key_value_heads: undefined }, /num_key_value_heads/],
    [
      { ...gemma2, hidden_activation: 'gelu' },
      /hidden_activation: only "gelu_pytorch_tanh" is supported, got "gelu"/,
    ],
    [{ ...gemma2, use_bidirectional_attention: true }, /use_bidirectional_attention: only false/],
    [{ ...gemma3, model_type: 'gemma3' }, /model_type "gemma3" is not supported; .*gemma3_text/],
    [{ ...gemma3, final_logit_softcapping: 30 }, /final_logit_softcapping: only null is supported, got 30/],
    [
      { ...gemma3, rope_parameters: { full_attention: { rope_type: 'yarn' } } },
      /rope_parameters.full_attention.rope_type: .* got "yarn"/,
    ],
    [
      { ...phi3, rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1] } },
      /rope_scaling.rope_type: only default, linear and llama3 are supported, got "longrope"/,
    ],
    [{ ...phi3, partial_rotary_factor: 0.2 }, /partial_rotary_factor 0.2 turns 3 of the 16 numbers/],
    [{ ...neox, hidden_act: 'gelu_fast' }, /hidden_act: only "gelu" is supported, got "gelu_fast"/],
    [{ ...neox, rotary_pct: 2 }, /rotary_pct/],
    [
      { ...llama, rope_scaling: { rope_type: 'factors', factors: [1, 2] } },
      /rope_scaling.factors has 2 numbers for 4 frequencies/,
    ],
  ])('%#', (config, message) => {
    expect(() => architectureFor(config)).toThrow(message);
  });
});
