import { expect, it } from 'vitest';
import { influenceOf, influenceText, placesOf } from './influence.js';

const text = (method: string, options: object, layers: number, modelType = 'llama'): string =>
  influenceText(influenceOf(placesOf(method, { ...options }, { modelType, layers }), layers), layers);

it.each([
  ['adapter', {}, 30, 'prompt keys and values of layers 2-30'],
  ['adapter', {}, 1, 'only the first answer token'],
  ['adapter', { site: 'attention' }, 2, 'prompt keys and values of layer 2'],
  ['lora', { targets: ['q_proj'] }, 3, 'prompt keys and values of layers 2-3'],
  ['lora', { targets: ['q_proj'] }, 1, 'only the first answer token'],
  ['lora', {}, 3, 'prompt keys and values of layers 1-3'],
  ['lora', { targets: ['v_proj'] }, 3, 'prompt keys of layers 2-3, prompt values of layers 1-3'],
  ['lora', { targets: ['v_proj'] }, 1, 'prompt values of layer 1'],
  ['lora', { targets: ['k_proj', 'o_proj'] }, 1, 'prompt keys of layer 1'],
  ['dora', {}, 2, 'prompt keys and values of layer 2'],
  ['ia3', {}, 2, 'prompt keys and values of layers 1-2'],
  ['prefix', {}, 2, 'prompt keys and values of layers 1-2'],
  ['prompt', {}, 1, 'prompt keys and values of layer 1'],
  ['mam', { site: 'ffn' }, 1, 'prompt keys and values of layer 1'],
  ['adapter', { special_tokens: ['<sep>'] }, 1, 'prompt keys and values of layer 1'],
])('%s %j in %i layers changes %4$s', (method, options, layers, expected) => {
  expect(text(method, options, layers)).toBe(expected);
});

it('prad-spec 1.4: GPT-2’s default LoRA changes values from the first layer on and keys from the second', () => {
  expect(text('lora', {}, 3, 'gpt2')).toBe('prompt keys of layers 2-3, prompt values of layers 1-3');
});

it('knows an adapter of some layers', () => {
  const last = { kinds: ['mlp'], layers: [2], wholePrompt: false };
  expect(influenceOf(last, 3)).toEqual({ keysFrom: undefined, valuesFrom: undefined });
  expect(influenceOf({ ...last, layers: [1, 2] }, 3)).toEqual({ keysFrom: 2, valuesFrom: 2 });
});
