import { z } from 'zod';
import type { Init } from '../random/initialise.js';
import { adapterInits } from './adapter-method.js';

/** The largest rank of any method. */
const MAX_RANK = 4096;

/** The options that all methods share, with a method's own defaults. */
export function commonOptions({ rank, scale }: { rank: number; scale: number }) {
  const bounds = (issue: { input?: unknown }): string =>
    `must be a whole number from 1 to ${MAX_RANK}, got ${JSON.stringify(issue.input)}`;
  return {
    rank: z.int({ error: bounds }).min(1, { error: bounds }).max(MAX_RANK, { error: bounds }).default(rank),
    scale: z.number().positive().default(scale),
    init: z.enum(adapterInits).default('identity'),
  };
}

/** What transformers' loader makes of weights that a checkpoint does not have. */
export const releasedInit: Init = { kind: 'normal', std: 0.02 };
