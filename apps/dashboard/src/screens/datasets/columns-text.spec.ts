import { expect, it } from 'vitest';
import { columnsOf } from './columns-text.js';

it('reads pairs of field and column, or says which is none', () => {
  expect(columnsOf(' ')).toBeUndefined();
  expect(columnsOf('prompt = question,completion=answers.text a')).toEqual({
    prompt: 'question',
    completion: 'answers.text a',
  });
  for (const text of ['prompt', 'prompt=a, =b', 'prompt=a,', 'prompt='])
    expect(columnsOf(text)).toBeInstanceOf(Error);
});
