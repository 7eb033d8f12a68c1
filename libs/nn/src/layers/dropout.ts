import { add, cast, div, greaterOrEqual, int64s, mod, mul, scalar } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { tensor } from '@prad/tensor';

// A prime below 2^31: squares of what is below it fit into 63 bits.
const PRIME = 2_147_483_647;

interface DropoutOptions {
  /** From 0 to below 1. */
  readonly rate: number;
  /** What is dropped under one name has nothing to do with what is dropped under another. */
  readonly name: string;
  /** int64 scalar, from 0 to below 2^31; or one for each of J parts of x [J, N, F], as [J, 1, 1]. */
  readonly seed: Value;
  /** int64 [N, 1], or [J, N, 1], below 2^31: the number of each row. Rows of one number drop the same, wherever they lie. */
  readonly rows: Value;
}

/**
 * Zeroes each number of x [N, F] with the given probability and scales the others up, so that the mean stays. What is
 * dropped follows from seed, name, row number and column alone: a step computed again, or among other rows, drops the same.
 */
export function dropout(at: Scope, x: Value, options: DropoutOptions): Value {
  const uniform = uniformFor(at.at('dropout'), Number(x.shape.at(-1)), options);
  const kept = cast(at, greaterOrEqual(at, uniform, scalar(at, options.rate)), 'float32');
  return mul(at, x, mul(at, kept, scalar(at, 1 / (1 - options.rate))));
}

/** The numbers 0 to count - 1, as `rows` of `dropout`. */
export function rowNumbers(at: Scope, count: number): Value {
  return at.constant(
    tensor(
      'int64',
      [count, 1],
      BigInt64Array.from({ length: count }, (_, row) => BigInt(row)),
    ),
  );
}

/** Numbers in [0, 1), [N, F]: row, column, seed and name scrambled by quadratic maps modulo a prime. */
function uniformFor(at: Scope, columns: number, { name, seed, rows }: DropoutOptions): Value {
  const prime = int64s(at, [PRIME]);
  const first = mul(at, rows, int64s(at, [columns]));
  const column = at.constant(
    tensor(
      'int64',
      [1, columns],
      BigInt64Array.from({ length: columns }, (_, index) => BigInt(index + 1)),
    ),
  );
  const index = mod(at, add(at, first, column), prime); // [N, F]
  const start = mod(at, add(at, mul(at, seed, int64s(at, [1_000_003])), int64s(at, [hashOf(name)])), prime);
  let mixed = mod(at, add(at, mul(at, index, int64s(at, [1_103_515_245])), start), prime);
  for (const odd of [12_345, 69_621, 40_692]) {
    const square = add(at, mul(at, mixed, mixed), add(at, mul(at, mixed, int64s(at, [odd])), start));
    mixed = mod(at, square, prime);
  }
  return div(at, cast(at, mixed, 'float32'), scalar(at, PRIME));
}

/** FNV-1a, so that names drop independently. */
function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return hash % PRIME;
}
