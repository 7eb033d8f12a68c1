const MASK = 0xffff_ffff_ffff_ffffn;
const GOLDEN = 0x9e37_79b9_7f4a_7c15n;

/** The finaliser of SplitMix64 (Steele, Lea, Flood 2014): 64 bits to 64 well mixed bits. */
function mix(value: bigint): bigint {
  let z = value & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  return z ^ (z >> 31n);
}

/**
 * A uniform number in [0, 1) that depends on the seed, the choice and the token's index alone, so that a request draws the
 * same numbers whatever else is in its batch. As SplitMix64 splits, a further choice's stream begins at an output of
 * the first one's: at places before its beginning, from which no token is drawn.
 */
export function uniform(seed: number, index: number, choice = 0): number {
  const first = mix(BigInt(seed));
  const stream = choice === 0 ? first : mix(first - GOLDEN * BigInt(choice));
  const bits = mix(stream + GOLDEN * BigInt(index + 1));
  return Number(bits >> 11n) / 2 ** 53;
}
