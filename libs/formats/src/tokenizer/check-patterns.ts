import { isJsonObject, type JsonObject } from '../strict-json.js';

const LONGEST_PATTERN = 20_000;
const DEEPEST = 16;

/**
 * The first place at or below `value` whose `pattern` is not `{String}` or `{Regex}` of a sane length, or that lies
 * too deep; undefined when all are sound. The library would only warn, and then split nothing.
 */
export function unsoundPattern(value: unknown, place: string, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return place;
  if (isJsonObject(value) && needsPattern(value) && !isPattern(value['pattern'])) return `${place}.pattern`;
  for (const [key, inner] of Object.entries(value)) {
    const found = unsoundPattern(
      inner,
      Array.isArray(value) ? `${place}[${key}]` : `${place}.${key}`,
      depth + 1,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function needsPattern(value: JsonObject): boolean {
  return 'pattern' in value || value['type'] === 'Split' || value['type'] === 'Replace';
}

function isPattern(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const text = value['String'] ?? value['Regex'];
  return typeof text === 'string' && text.length <= LONGEST_PATTERN;
}
