import { LeastRecentlyUsed } from './least-recently-used.js';
import type { ServedAdapter } from './served-adapter.js';

/**
 * The adapters that were asked for lately, by digest, within a budget of bytes. Requests keep the adapter that they were
 * submitted with, so that one that is let go of does them no harm.
 */
export class AdapterBank {
  readonly #kept: LeastRecentlyUsed<ServedAdapter>;
  readonly #loading = new Map<string, Promise<ServedAdapter>>();

  constructor(budgetBytes: number) {
    this.#kept = new LeastRecentlyUsed(budgetBytes);
  }

  get bytes(): number {
    return this.#kept.bytes;
  }

  /** The adapter; `load` reads it where it is not here. Those who ask at the same time wait for one reading. */
  async get(digest: string, load: () => Promise<ServedAdapter>): Promise<ServedAdapter> {
    const kept = this.#kept.get(digest);
    if (kept) return kept;
    const under = this.#loading.get(digest) ?? this.#load(digest, load);
    this.#loading.set(digest, under);
    return under;
  }

  async #load(digest: string, load: () => Promise<ServedAdapter>): Promise<ServedAdapter> {
    try {
      const adapter = await load();
      this.#kept.set(digest, adapter, bytesOf(adapter));
      return adapter;
    } finally {
      this.#loading.delete(digest);
    }
  }
}

function bytesOf({ loaded, prefix }: ServedAdapter): number {
  const tensors = new Set([...loaded.served.values(), ...(prefix ? [prefix] : [])]);
  return [...tensors].reduce((sum, { data }) => sum + data.byteLength, 0);
}
