import {
  add,
  cast,
  cumSum,
  div,
  expand,
  greaterOrEqual,
  int64s,
  mod,
  mul,
  reshape,
  scalar,
} from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { dimProduct } from '@prad/graph';

// A prime below 2^31: squares of what is below it fit into 63 bits.
const PRIME = 2_147_483_647;

/**
 * Zeroes each number with the given probability and scales the others up, so that the mean stays. What is dropped
 * follows from the seed, the place and the number's index alone: a step computed again drops the same.
 *
 * @param seed int64 scalar from 0 to below 2^31.
 */
export function dropout(at: Scope, x: Value, rate: number, seed: Value): Value {
  const uniform = uniformLike(at.at('dropout'), x, seed);
  const kept = cast(at, greaterOrEqual(at, uniform, scalar(at, rate)), 'float32');
  return mul(at, x, mul(at, kept, scalar(at, 1 / (1 - rate))));
}

/** Numbers in [0, 1), x's shape: the index, seed and place scrambled by quadratic maps modulo a prime. */
function uniformLike(at: Scope, x: Value, seed: Value): Value {
  const count = dimProduct(x.shape);
  const index = cumSum(at, expand(at, int64s(at, [1]), [count]), 0);
  const place = hashOf(at.path);
  const start = mod(
    at,
    add(at, mul(at, seed, int64s(at, [1_000_003])), int64s(at, [place])),
    int64s(at, [PRIME]),
  );
  let mixed = mod(at, add(at, mul(at, index, int64s(at, [1_103_515_245])), start), int64s(at, [PRIME]));
  for (const odd of [12_345, 69_621, 40_692]) {
    const square = add(at, mul(at, mixed, mixed), add(at, mul(at, mixed, int64s(at, [odd])), start));
    mixed = mod(at, square, int64s(at, [PRIME]));
  }
  const uniform = div(at, cast(at, mixed, 'float32'), scalar(at, PRIME));
  return reshape(at, uniform, x.shape);
}

/** FNV-1a, so that places with different paths drop independently. */
function hashOf(path: string): number {
  let hash = 2_166_136_261;
  for (const character of path) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return hash % PRIME;
}
