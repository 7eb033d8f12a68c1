import { z } from 'zod';

/** Most sequences that a prompt may ask for at a time, as beams or as answers; a worker may have room for fewer. */
export const MAX_SEQUENCES = 64;

/** Beam search by transformers' names; the same for completions, chat and evaluations. */
export const beamFields = {
  num_beams: z
    .number()
    .int()
    .min(1)
    .max(MAX_SEQUENCES)
    .nullish()
    .describe(
      'Beam search of this width, as transformers does it; 1, the default, chooses token after token. It does not sample, takes as many of a worker’s sequences (MAX_NUM_SEQS) as it has beams, and its text comes all at the end, also in a stream.',
    ),
  length_penalty: z
    .number()
    .min(-100)
    .max(100)
    .nullish()
    .describe(
      'Of a beam search: scores are divided by length to this power, so above 0 favours long answers; default 1.',
    ),
  early_stopping: z
    .union([z.boolean(), z.literal('never')])
    .nullish()
    .describe(
      'Of a beam search with `num_beams` finished answers: true ends it, false (the default) ends it once a better one is unlikely, "never" once none is possible.',
    ),
};

interface BeamFields {
  readonly num_beams?: number | null | undefined;
  readonly length_penalty?: number | null | undefined;
  readonly early_stopping?: boolean | 'never' | null | undefined;
  readonly n?: number | null | undefined;
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly top_k?: number | null | undefined;
  readonly min_p?: number | null | undefined;
  readonly repetition_penalty?: number | null | undefined;
  readonly frequency_penalty?: number | null | undefined;
  readonly presence_penalty?: number | null | undefined;
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  readonly min_tokens?: number | null | undefined;
  readonly stop_token_ids?: readonly number[] | null | undefined;
  readonly logprobs?: number | boolean | null | undefined;
}

/** Values that change nothing. */
const harmless = {
  top_p: 1,
  top_k: 0,
  min_p: 0,
  repetition_penalty: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  min_tokens: 0,
} as const;

/** Tells of fields that mean nothing beside `num_beams`, or nothing without it. */
export function beamRules(request: BeamFields, context: z.RefinementCtx): void {
  const { num_beams: beams, n, temperature } = request;
  const refuse = (field: keyof BeamFields, message: string): void => {
    context.addIssue({ code: 'custom', path: [field], message: `\`${field}\` ${message}` });
  };
  const given = (value: unknown): boolean => value !== undefined && value !== null;
  if ((beams ?? 1) === 1) {
    for (const field of ['length_penalty', 'early_stopping'] as const)
      if (given(request[field]))
        refuse(field, 'is only for beam search: give `num_beams` of at least 2 with it');
    return;
  }
  if ((temperature ?? 0) !== 0)
    refuse('temperature', 'must be 0 or absent with `num_beams`: it does not sample');
  for (const [field, value] of Object.entries(harmless) as [keyof typeof harmless, number][]) {
    if ((request[field] ?? value) !== value)
      refuse(field, `must be ${value} or absent with \`num_beams\`: it does not sample`);
  }
  if (Object.keys(request.logit_bias ?? {}).length > 0)
    refuse('logit_bias', 'must be empty or absent with `num_beams`: it does not sample');
  if ((request.stop_token_ids ?? []).length > 0)
    refuse('stop_token_ids', 'must be empty or absent with `num_beams`: give `stop`');
  if (![undefined, null, false].includes(request.logprobs as undefined))
    refuse('logprobs', 'must be absent with `num_beams`, whose answers have scores of their own');
  if ((n ?? 1) > (beams ?? 1)) refuse('n', `must be at most \`num_beams\`, ${beams}`);
}
