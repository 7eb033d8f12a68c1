/**
 * How a copy of the weights is rounded: to whole numbers of 4 or 8 bits with a step for each block of 32 along K (`q4`, `q8`), or of 8
 * bits with a step for each output channel (`w8a8`), to be multiplied by activations of 8 bits.
 */
export const quantisations = ['q4', 'q8', 'w8a8'] as const;
export type Quantisation = (typeof quantisations)[number];
