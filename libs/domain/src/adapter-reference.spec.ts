import { expect, it } from 'vitest';
import { adapterReference, isAliasName } from './adapter-reference.js';

const adapter = 'ft:tiny:reviews:ab12cd34';

it.each([
  [adapter, { adapter, version: undefined }],
  [`${adapter}@latest`, { adapter, version: undefined }],
  [`${adapter}@3`, { adapter, version: 3 }],
  [`${adapter}@production`, { adapter, version: 'production' }],
  ['ft:a@b::ab12cd34@2', { adapter: 'ft:a@b::ab12cd34', version: 2 }],
  [`${adapter}@`, { adapter, version: '' }],
  ['prad-tiny', undefined],
  ['prad-tiny@3', undefined],
  ['ft:tiny:reviews', undefined],
])('%s', (name, expected) => {
  expect(adapterReference(name)).toEqual(expected);
});

it('an alias never reads as a version', () => {
  expect(['production', 'v2', 'a_b-c'].every(isAliasName)).toBe(true);
  expect(['3', 'latest', 'A', '', 'a@b', 'a:b', 'a'.repeat(64)].some(isAliasName)).toBe(false);
});
