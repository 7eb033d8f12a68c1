import { z } from 'zod';
import { isStorable, notStorable } from './storable.js';

/** Most tokens of one prompt that is given as token ids; a model's context may hold fewer. */
export const MAX_PROMPT_TOKENS = 1_048_576;

/** The highest id that is looked up in a model's vocabulary. */
const MAX_TOKEN_ID = 2_147_483_647;

// The union tells what is wrong, so its parts stop at their first fault.
const stops = { abort: true };
const tokenIds = z
  .array(z.number().int().min(0, stops).max(MAX_TOKEN_ID, stops))
  .min(1, stops)
  .max(MAX_PROMPT_TOKENS, stops);

/** A text, the token ids of one, or a list of up to `most` of either. `field` names it in errors. */
export function prompts(field: string, most: number, text: z.ZodString = z.string()) {
  const error = ({ input }: { readonly input?: unknown }): string =>
    `\`${field}\` must be text, token ids (1 to ${MAX_PROMPT_TOKENS} whole numbers from 0 to ${MAX_TOKEN_ID}), or a list of 1 to ${most} texts or of 1 to ${most} lists of token ids; got ${found(input)}`;
  const list = <T extends z.ZodType>(of: T) => z.array(of).min(1, stops).max(most, stops);
  return z
    .union([text, list(text), tokenIds, list(tokenIds)], { error })
    .refine(isStorable, `\`${field}\` ${notStorable}`);
}

/** What stands in place of prompts. */
function found(value: unknown): string {
  if (!Array.isArray(value)) return kindOf(value);
  const kinds = [...new Set(value.map(kindOf))];
  if (kinds.length !== 1) return kinds.length === 0 ? 'an empty list' : `a mixture: ${kinds.join(', ')}`;
  if (kinds[0] === 'a number') return faultOf(value) ?? 'token ids';
  const place = value.findIndex((item) => Array.isArray(item) && faultOf(item) !== undefined);
  if (place >= 0) return `${faultOf(value[place] as unknown[])} in list ${place}`;
  return `a list of ${value.length}, each ${kinds[0]}`;
}

/** Why a list is not the token ids of one prompt; undefined where it is. */
function faultOf(ids: readonly unknown[]): string | undefined {
  if (ids.length === 0) return 'an empty list';
  if (ids.length > MAX_PROMPT_TOKENS) return `${ids.length} token ids`;
  const place = ids.findIndex((id) => !isTokenId(id));
  if (place < 0) return undefined;
  const id = ids[place];
  return `${typeof id === 'number' ? id : kindOf(id)} at place ${place}`;
}

function isTokenId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TOKEN_ID;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
