import { z } from 'zod';

type Scalar = string | number | boolean;

/**
 * An option of OpenAI's that this server does not offer: leaving it out, null, and values that ask for nothing
 * are accepted, all others are refused, so that no option is read and ignored.
 */
export function neutral(name: string, harmless: readonly Scalar[] = []) {
  const listed = ['null', ...harmless.map((value) => JSON.stringify(value))].join(', ');
  const error = `\`${name}\` is not supported: leave it out or send one of ${listed}`;
  return z
    .union([z.null({ error }), ...harmless.map((value) => z.literal(value))], { error })
    .optional()
    .describe(`Not supported; only ${listed} is accepted.`);
}

/** As `neutral`, for an option whose harmless value is an empty list. */
export function neutralList(name: string) {
  const error = `\`${name}\` is not supported: leave it out, or send null or an empty list`;
  return z
    .union([z.null(), z.array(z.unknown()).max(0)], { error })
    .optional()
    .describe('Not supported; only null or an empty list is accepted.');
}

/** As `neutral`, for an option whose harmless value is an empty object. */
export function neutralObject(name: string) {
  const error = `\`${name}\` is not supported: leave it out, or send null or an empty object`;
  return z
    .union([z.null(), z.strictObject({})], { error })
    .optional()
    .describe('Not supported; only null or an empty object is accepted.');
}

/** A label that clients send for their own bookkeeping and that by definition changes no answer. */
export function bookkeepingLabel() {
  return z.string().nullish().describe('A label of the caller; it changes no answer and is not kept.');
}
