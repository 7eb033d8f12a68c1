import { expect, it } from 'vitest';
import { initialise, kaimingUniform, type ParameterSpec } from './initialise.js';

const specs: readonly ParameterSpec[] = [
  { name: 'zeros', shape: [3], init: { kind: 'zeros' } },
  { name: 'ones', shape: [2], init: { kind: 'ones' } },
  { name: 'uniform', shape: [50, 40], init: kaimingUniform(16) },
  { name: 'normal', shape: [50, 40], init: { kind: 'normal', std: 0.02 } },
];

it('fills each tensor as its spec says', () => {
  const made = initialise(specs, 1);
  expect([...(made.get('zeros')?.data ?? [])]).toEqual([0, 0, 0]);
  expect([...(made.get('ones')?.data ?? [])]).toEqual([1, 1]);
  const uniform = made.get('uniform')?.data ?? [];
  expect(Math.max(...uniform)).toBeLessThanOrEqual(0.25);
  expect(Math.max(...uniform)).toBeGreaterThan(0.24);
  expect(Math.min(...uniform)).toBeLessThan(-0.24);
  const normal = made.get('normal')?.data ?? [];
  expect(Math.hypot(...normal) / Math.sqrt(2000)).toBeCloseTo(0.02, 3);
  expect(made.get('normal')?.shape).toEqual([50, 40]);
});

it('gives the same bytes for the same seed, in any order', () => {
  const first = initialise(specs, 7);
  expect(initialise(specs.toReversed(), 7).get('normal')).toEqual(first.get('normal'));
  expect(initialise(specs, 8).get('normal')).not.toEqual(first.get('normal'));
});
