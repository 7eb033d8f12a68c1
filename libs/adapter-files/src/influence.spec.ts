import { expect, it } from 'vitest';
import { influenceOf, influenceText, placesOf } from './influence.js';

function text(method: string, options: object, layers: number, modelType = 'llama'): string {
  const places = placesOf(method, { ...options }, { modelType, layers });
  return places ? influenceText(influenceOf(places, layers), layers) : 'not known';
}

it.each([
  ['adapter', {}, 30, 'prompt keys and values of layers 2-30'],
  ['adapter', {}, 1, 'only the first answer token'],
  ['adapter', { site: 'attention' }, 2, 'prompt keys and values of layer 2'],
  ['lora', { targets: ['q_proj'] }, 3, 'prompt keys and values of layers 2-3'],
  ['lora', { targets: ['q_proj'] }, 1, 'only the first answer token'],
  ['lora', {}, 3, 'prompt keys and values of all layers'],
  ['lora', { targets: ['v_proj'] }, 3, 'prompt keys of layers 2-3, prompt values of all layers'],
  ['lora', { targets: ['v_proj'] }, 1, 'prompt values of all layers'],
  ['lora', { targets: ['k_proj', 'o_proj'] }, 1, 'prompt keys of all layers'],
  ['dora', {}, 2, 'prompt keys and values of layer 2'],
  ['lora', { targets: ['q_proj'], layers: [2] }, 3, 'only the first answer token'],
  ['adapter', { layers: [0, 2] }, 3, 'prompt keys and values of layers 2-3'],
  ['ia3', {}, 2, 'prompt keys and values of all layers'],
  ['prefix', {}, 2, 'prompt keys and values of all layers'],
  ['prompt', {}, 1, 'prompt keys and values of all layers'],
  ['mam', { site: 'ffn' }, 1, 'prompt keys and values of all layers'],
  ['full', {}, 1, 'not known'],
  ['adapter', { special_tokens: ['<sep>'] }, 1, 'prompt keys and values of all layers'],
])('%s %j in %i layers changes %4$s', (method, options, layers, expected) => {
  expect(text(method, options, layers)).toBe(expected);
});

it('prad-spec 1.4: GPT-2’s default LoRA changes values from the first layer on and keys from the second', () => {
  expect(text('lora', {}, 3, 'gpt2')).toBe('prompt keys of layers 2-3, prompt values of all layers');
});

it('knows an adapter of some layers', () => {
  const last = { kinds: ['mlp'], layers: [2], wholePrompt: false };
  expect(influenceOf(last, 3)).toEqual({ keysFrom: undefined, valuesFrom: undefined });
  const two = influenceOf({ ...last, layers: [1, 2] }, 3);
  expect(two).toEqual({ keysFrom: 2, valuesFrom: 2 });
  expect(influenceText(two)).toBe('prompt keys and values of layers 3 and up');
});
