import type { QuantisedBits } from '@prad/models';

/** What decode steps multiply by: the weights as they are, or the copy in 8 or in 4 bits that the import made. */
export type DecodeWeights = 'f32' | 'q8' | 'q4';

/** What prompts are read with: the weights as they are, or those that decode steps multiply by. */
export type PrefillWeights = 'f32' | 'decode';

/** The bits of the copy; undefined for the weights as they are. */
export const quantisedBitsOf: Readonly<Record<DecodeWeights, QuantisedBits | undefined>> = {
  f32: undefined,
  q8: 8,
  q4: 4,
};
