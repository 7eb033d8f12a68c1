import { expect, it } from 'vitest';
import { quantizeOption } from './quantize-option.js';

it('takes one kind of copy, several with a comma, and the option several times', () => {
  expect(quantizeOption('q4')).toEqual(['q4']);
  expect(quantizeOption('q4,w8a8')).toEqual(['q4', 'w8a8']);
  expect(quantizeOption('q8', quantizeOption('q4'))).toEqual(['q4', 'q8']);
});

it.each(['', 'q5', 'q4,', 'q4;q8', '4'])('refuses %j', (text) => {
  expect(() => quantizeOption(text)).toThrow('expected q4, q8, w8a8, several with a comma');
});
