import { createHash } from 'node:crypto';
import { promptMask } from './run-feeds.js';
import type { ServedAdapter } from './served-adapter.js';

/** Fewest blocks worth taking: a prompt behind them runs alone, which costs about as much as reading them. */
const FEWEST_BLOCKS = 2;

interface Prompt {
  readonly tokens: readonly number[];
  readonly adapter: ServedAdapter | undefined;
}

/**
 * Names of the whole blocks of a prompt. Keys and values of a block depend on all tokens up to its end, on the base's
 * weights and the dtype (`key`), on the adapter's contents, and on where it acts; so does the name, and on nothing
 * else, above all on no name that an adapter goes by. Where an adapter acts may depend on the length of the whole prompt,
 * so the mask counts by position: blocks on which it is the same are shared.
 */
export function blockNames({ tokens, adapter }: Prompt, size: number, key: string): string[] {
  const mask = adapter && promptMask(adapter, tokens.length);
  let name = JSON.stringify([key, adapter?.digest ?? null, adapter?.scope ?? null]);
  return Array.from({ length: Math.floor(tokens.length / size) }, (_, block) => {
    const [from, to] = [block * size, (block + 1) * size];
    const hash = createHash('sha256').update(name);
    hash.update(Int32Array.from(tokens.slice(from, to)));
    if (mask) hash.update(mask.slice(from, to));
    return (name = hash.digest('hex'));
  });
}

/** Which blocks of prompts are kept, within a budget of bytes; what was used least lately goes first. */
export class PrefixCache {
  /** In the order of the last use. */
  readonly #kept = new Set<string>();
  readonly #most: number;

  constructor(
    budgetBytes: number,
    private readonly blockBytes: number,
  ) {
    this.#most = Math.floor(budgetBytes / blockBytes);
  }

  get bytes(): number {
    return this.#kept.size * this.blockBytes;
  }

  /** How many of a prompt's first blocks are kept and worth taking. */
  match(names: readonly string[]): number {
    const found = names.findIndex((name) => !this.#kept.has(name));
    const count = found < 0 ? names.length : found;
    return count < FEWEST_BLOCKS ? 0 : count;
  }

  /**
   * Keeps a prompt's blocks from now on, or uses them once more.
   * @returns the places of those that are new, and the blocks that must go for them.
   */
  keep(names: readonly string[]): { readonly added: readonly number[]; readonly dropped: readonly string[] } {
    const fitting = names.slice(0, this.#most);
    const added = [...fitting.keys()].filter((place) => !this.#kept.has(fitting[place] ?? ''));
    // Those behind are of no use without those in front, and go before them.
    for (const name of [...fitting].reverse()) {
      this.#kept.delete(name);
      this.#kept.add(name);
    }
    const dropped = [...this.#kept].slice(0, Math.max(0, this.#kept.size - this.#most));
    for (const name of dropped) this.#kept.delete(name);
    return { added, dropped };
  }

  /** Forgets all. @returns what is to be dropped. */
  clear(): readonly string[] {
    const dropped = [...this.#kept];
    this.#kept.clear();
    return dropped;
  }
}
