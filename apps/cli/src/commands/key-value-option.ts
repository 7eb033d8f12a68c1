import { InvalidArgumentError } from 'commander';

/** Adds `key=value` to what was given before; the value is JSON, or the text itself where it is none. */
export function keyValueOption(
  text: string,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`expected key=value, got ${JSON.stringify(text)}`);
  return { ...before, [text.slice(0, at)]: jsonOrText(text.slice(at + 1)) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
