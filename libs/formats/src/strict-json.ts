import { AppError } from '@prad/errors';
import { invalid, reasonOf } from './invalid.js';

export type JsonObject = Record<string, unknown>;

/** True for what JSON writes in braces. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

interface Level {
  readonly keys: Set<string> | undefined;
}

/**
 * Walks text that `JSON.parse` has accepted, for what it does not tell: nesting deeper than `maxDepth` and keys
 * written twice in one object.
 */
function checkDepthAndKeys(text: string, maxDepth: number, where: string): void {
  const levels: Level[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) {
      const start = i;
      for (i++; text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++;
      checkKey(text, start, i + 1, levels.at(-1)?.keys, where);
    } else if (char === 0x7b || char === 0x5b) {
      if (levels.length >= maxDepth) {
        throw invalid('json_too_deep', `${where}: JSON nested deeper than ${maxDepth} levels`, { maxDepth });
      }
      levels.push({ keys: char === 0x7b ? new Set() : undefined });
    } else if (char === 0x7d || char === 0x5d) {
      levels.pop();
    }
  }
}

function checkKey(
  text: string,
  start: number,
  end: number,
  keys: Set<string> | undefined,
  where: string,
): void {
  if (keys === undefined) return;
  let next = end;
  while (next < text.length && text.charCodeAt(next) <= 0x20) next++;
  if (text.charCodeAt(next) !== COLON) return;
  const key = JSON.parse(text.slice(start, end)) as string;
  if (keys.has(key)) {
    throw invalid('json_duplicate_key', `${where}: the key ${JSON.stringify(key)} is written twice`, { key });
  }
  keys.add(key);
}

/**
 * Parses UTF-8 JSON that must be an object.
 * @throws AppError invalid, naming `where`, on invalid UTF-8 or JSON, doubled keys or too deep nesting.
 */
export function parseJsonObject(bytes: Uint8Array, where: string, maxDepth = 64): JsonObject {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError({
      kind: 'invalid',
      code: 'json_malformed',
      message: `${where}: not valid JSON: ${reasonOf(cause)}`,
      cause,
    });
  }
  if (!isJsonObject(value)) throw invalid('json_not_object', `${where}: expected a JSON object`);
  checkDepthAndKeys(text, maxDepth, where);
  return value;
}
