import type { Template } from '@huggingface/jinja';

/** The name under which templates find `stripCharacters`. */
export const STRIP_CHARACTERS = 'strip_characters';

const ends: Readonly<Record<string, { readonly start: boolean; readonly end: boolean }>> = {
  strip: { start: true, end: true },
  lstrip: { start: true, end: false },
  rstrip: { start: false, end: true },
};

interface Node {
  readonly type?: unknown;
}

interface Call extends Node {
  callee: Node & { readonly object?: Node; readonly property?: Node & { readonly value?: unknown } };
  args: Node[];
}

/**
 * The library's `strip`, `lstrip` and `rstrip` take no characters and always take all white space, so that
 * `text.strip('\n')` would lose spaces too. Such calls are respelt as `strip_characters(text, 'strip', '\n')`.
 */
export function respellStrips({ parsed }: Template): void {
  const waiting: unknown[] = [parsed];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (isStrip(node)) {
      const { object, property } = node.callee;
      node.args = [object ?? {}, { type: 'StringLiteral', value: property?.value } as Node, ...node.args];
      node.callee = { type: 'Identifier', value: STRIP_CHARACTERS } as Call['callee'];
    }
    waiting.push(...(Object.values(node) as unknown[]));
  }
}

function isStrip(node: Node): node is Call {
  if (node.type !== 'CallExpression') return false;
  const { callee, args } = node as Call;
  const name = callee.type === 'MemberExpression' ? callee.property?.value : undefined;
  return typeof name === 'string' && Object.hasOwn(ends, name) && args.length === 1;
}

/** Python's str.strip, lstrip or rstrip of the given characters. */
export function stripCharacters(text: unknown, method: string, characters: unknown): string {
  if (typeof text !== 'string' || typeof characters !== 'string') {
    throw new Error(`${method} takes characters off a text, got ${typeof text} and ${typeof characters}`);
  }
  const taken = new Set(characters);
  const letters = Array.from(text);
  let [from, to] = [0, letters.length];
  if (ends[method]?.start) while (from < to && taken.has(letters[from] ?? '')) from++;
  if (ends[method]?.end) while (to > from && taken.has(letters[to - 1] ?? '')) to--;
  return letters.slice(from, to).join('');
}
