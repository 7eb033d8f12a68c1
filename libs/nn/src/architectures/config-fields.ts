import { z } from 'zod';

/** A size in a config.json. */
export const size = z.int().min(1);

/** A field that is supported with one value only. */
export function only<const T extends string | boolean | null>(value: T, reason?: string): z.ZodLiteral<T> {
  const expected = `only ${JSON.stringify(value)} is supported${reason === undefined ? '' : ` (${reason})`}`;
  return z.literal(value, { error: (issue) => `${expected}, got ${JSON.stringify(issue.input)}` });
}
