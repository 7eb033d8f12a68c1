import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';

export type XGrammar = typeof import('@mlc-ai/web-xgrammar');

export interface XGrammarInstance {
  readonly xgrammar: XGrammar;
  /** What the instance has printed; an abort says its reason here alone. */
  readonly printed: readonly string[];
}

const file = createRequire(import.meta.url).resolve('@mlc-ai/web-xgrammar');
/**
 * The package is called an ES module, but its one file is CommonJS for browsers, whose branch for Node relies on `require` and
 * `import` at once. So it is evaluated as CommonJS that sees no Node. Each call of it makes an instance with a memory of its own: an
 * abort breaks that one alone.
 */
const evaluate = compileFunction(
  readFileSync(file, 'utf8'),
  ['exports', 'module', 'location', 'process', 'console'],
  {
    filename: file,
  },
) as (...globals: readonly unknown[]) => void;

export function openXGrammar(): XGrammarInstance {
  const printed: string[] = [];
  const print = (...parts: readonly unknown[]): void => {
    printed.splice(0, printed.length - 8);
    printed.push(parts.map(String).join(' '));
  };
  const module = { exports: {} };
  const console = { log: print, warn: print, error: print };
  evaluate(module.exports, module, { href: 'file:///' }, undefined, console);
  return { xgrammar: module.exports as XGrammar, printed };
}
