import { measure, type Measurement, type Metric, type Sample } from './metric.js';

/** WebNLG 2017's categories whose triples the training set has. */
const seen = new Set([
  'Airport',
  'Astronaut',
  'Building',
  'City',
  'ComicsCharacter',
  'Food',
  'Monument',
  'SportsTeam',
  'University',
  'WrittenWork',
]);

/** Which part of WebNLG's test set a category is in; every other one appears in the test set alone. */
export function webNlgSubset(category: string): 'seen' | 'unseen' {
  return seen.has(category) ? 'seen' : 'unseen';
}

/**
 * A metric on all samples and on each subset of them, scored on its own, as WebNLG's scripts do; subsets that hold
 * nothing are left out.
 */
export function measureSubsets<S extends Sample>(
  metric: Metric,
  samples: readonly S[],
  subsetOf: (sample: S) => string,
): ReadonlyMap<string, Measurement> {
  const parts = new Map<string, S[]>();
  for (const sample of samples) {
    const name = subsetOf(sample);
    parts.set(name, [...(parts.get(name) ?? []), sample]);
  }
  return new Map(
    [['all', samples] as const, ...parts].map(([name, part]) => [name, measure(metric, part)] as const),
  );
}
