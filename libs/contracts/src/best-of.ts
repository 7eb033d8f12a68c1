import { z } from 'zod';
import { MAX_SEQUENCES } from './beam-search.js';

export const bestOf = z
  .number()
  .int()
  .min(1)
  .max(MAX_SEQUENCES)
  .nullish()
  .describe(
    'So many answers are sampled, and the `n` with the highest mean log-probability of their tokens given, likeliest first; default `n`. All of their tokens count as usage.',
  );

interface BestOfFields {
  readonly n?: number | null | undefined;
  readonly best_of?: number | null | undefined;
  readonly num_beams?: number | null | undefined;
  readonly stream?: boolean | null | undefined;
}

/** Tells of a `best_of` that means nothing beside the other fields. */
export function bestOfRules(request: BestOfFields, context: z.RefinementCtx): void {
  const n = request.n ?? 1;
  const { best_of: samples, num_beams: beams, stream } = request;
  const refuse = (message: string): void => {
    context.addIssue({ code: 'custom', path: ['best_of'], message: `\`best_of\` ${message}` });
  };
  if (samples === undefined || samples === null || samples === n) return;
  if ((beams ?? 1) > 1) refuse('must be `n` or absent with `num_beams`: it does not sample');
  else if (samples < n) refuse(`must be at least \`n\`, ${n}`);
  else if (stream === true)
    refuse('above `n` cannot be streamed: the best are known when all have ended; send stream: false');
}
