import { isJsonObject, type JsonObject } from '../strict-json.js';

/** A token of `tokenizer_config.json`: text, or an object with `content`; undefined when absent or null. */
export function namedToken(config: JsonObject, name: string): string | undefined {
  const value = config[name];
  if (typeof value === 'string') return value;
  if (isJsonObject(value) && typeof value['content'] === 'string') return value['content'];
  return undefined;
}
