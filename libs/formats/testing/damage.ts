import fc from 'fast-check';

/** Copies of a valid file: cut short, with flipped bits, or with a stretch replaced by other bytes. */
export function damaged(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(valid.length - 1);
  const cut = place.map((end) => valid.slice(0, end));
  const flipped = fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 8 }).map((flips) => {
    const bytes = valid.slice();
    for (const [at, bit] of flips) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return bytes;
  });
  const replaced = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 16 })).map(([at, other]) => {
    const bytes = valid.slice();
    bytes.set(other.subarray(0, bytes.length - at), at);
    return bytes;
  });
  return fc.oneof(cut, flipped, replaced);
}
