import type { Quantisation } from '@prad/models';

/** What decode steps multiply by: the weights as they are, or a copy that the import made. */
export type DecodeWeights = 'f32' | Quantisation;

/** What prompts are read with: the weights as they are, or those that decode steps multiply by. */
export type PrefillWeights = 'f32' | 'decode';
