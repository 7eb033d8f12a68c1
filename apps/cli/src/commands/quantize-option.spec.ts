import { expect, it } from 'vitest';
import { quantizeOption } from './quantize-option.js';

it('takes one width, several with a comma, and the option several times', () => {
  expect(quantizeOption('4')).toEqual([4]);
  expect(quantizeOption('4,8')).toEqual([4, 8]);
  expect(quantizeOption('8', quantizeOption('4'))).toEqual([4, 8]);
});

it.each(['', '5', '4,', '4;8', 'q4'])('refuses %j', (text) => {
  expect(() => quantizeOption(text)).toThrow('expected 4 or 8');
});
