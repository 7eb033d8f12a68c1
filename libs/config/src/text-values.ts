import { z } from 'zod';

/** A whole number written as text, within bounds. */
export function wholeNumber(least: number, most: number): z.ZodCoercedNumber<string> {
  return z.coerce.number<string>().int().min(least).max(most);
}

/** `true` or `false`, also written 1 or 0, yes or no, on or off. */
export function flag(): z.ZodCodec<z.ZodString, z.ZodBoolean> {
  return z.stringbool();
}

/** An address with one of the given schemes. */
export function address(...schemes: readonly string[]): z.ZodURL {
  return z.url({
    protocol: new RegExp(`^(${schemes.join('|')})$`),
    error: `expected ${schemes.join('://... or ')}://...`,
  });
}

/** A comma-separated list of secrets of at least `least` characters, each of which fits into a header. */
export function secretsOf(least: number) {
  const secret = z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .min(least);
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .refine((list) => list.every((word) => secret.safeParse(word).success), {
      error: `expected secrets of at least ${least} letters, digits and signs each, separated by commas`,
    })
    .transform((list) => [...new Set(list)]);
}

/** A comma-separated list of distinct words. */
export function wordsOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(words)).min(1))
    .transform((list) => [...new Set(list)]);
}
