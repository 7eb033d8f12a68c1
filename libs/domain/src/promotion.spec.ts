import { expect, it } from 'vitest';
import { judge } from './promotion.js';

const gate = { metric: 'bleu', minImprovement: 0, significance: null };
const better = { score: 31, difference: 1, pValue: 0.2, higherIsBetter: true };

it.each([
  ['a better one', {}, {}, true, 'bleu is 31 after 30'],
  ['an equal one', {}, { difference: 0 }, true, 'bleu is 31 after 31'],
  ['a worse one', {}, { difference: -1 }, false, 'which is worse: at least the same is needed'],
  ['one whose lower score is better', {}, { difference: -1, higherIsBetter: false }, true, 'is 31 after 32'],
  ['one whose higher score is worse', {}, { higherIsBetter: false }, false, 'which is worse'],
  ['one that is better by enough', { minImprovement: 1 }, {}, true, 'bleu is 31 after 30'],
  [
    'one that is better by too little',
    { minImprovement: 2 },
    {},
    false,
    'too little: an improvement of at least 2',
  ],
  ['a better one by chance', { significance: 0.05 }, {}, false, 'with p = 0.2: less than 0.05 is needed'],
  ['a better one beyond chance', { significance: 0.05 }, { pValue: 0.01 }, true, 'bleu is 31 after 30'],
  [
    'an equal one beyond chance',
    { significance: 0.05 },
    { difference: 0, pValue: 0.001 },
    false,
    'less than 0.05',
  ],
  ['one without a score', {}, { difference: NaN }, false, 'at least the same is needed'],
])('judges %s', (_, wanted, compared, promoted, reason) => {
  const verdict = judge({ ...gate, ...wanted }, { ...better, ...compared });
  expect(verdict).toMatchObject({ promoted, reason: expect.stringContaining(reason) as string });
});
