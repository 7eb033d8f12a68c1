import { expect, it } from 'vitest';
import { nameOfSource } from './model-name.js';

it.each([
  ['/models/SmolLM2-135M-Instruct-Q8_0.gguf', 'smollm2-135m-instruct'],
  ['/models/smollm2-135m-instruct.f16.gguf', 'smollm2-135m-instruct'],
  ['hf:HuggingFaceTB/SmolLM2-135M', 'smollm2-135m'],
  ['./bundled/prad-tiny/', 'prad-tiny'],
  ['C:\\models\\My Model', 'my-model'],
])('names %s %s', (source, name) => {
  expect(nameOfSource(source)).toBe(name);
});

it('asks for a name where the source gives none', () => {
  expect(() => nameOfSource('/')).toThrow('give `name`');
});
