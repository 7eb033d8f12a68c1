import type { Dim } from '../value.js';

/** The size of several axes as one; sizes that are names multiply to a name such as `B*T`, or `T*3`. */
export function dimProduct(dims: readonly Dim[]): Dim {
  const known = dims.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const names = dims.filter((dim) => typeof dim === 'string');
  if (names.length === 0) return known;
  return known === 1 ? names.join('*') : [...names, String(known)].join('*');
}
