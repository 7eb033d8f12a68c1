import { zeros } from '@prad/tensor';
import { expect } from 'vitest';
import { Executor, type BlockLayout, type RowLogits } from '../src/executor.js';
import { rowsOf, type PlannedRow, type StepPlan } from '../src/plan.js';
import type { ServedAdapter } from '../src/served-adapter.js';

const VOCABULARY = 11;
export const END = 0;
export const CAPACITY = 48;
const BLOCK = 2;
export const letters = 'abcdefghijk';

/** An adapter that nothing is computed with. */
export const served = (digest: string, adaptsAnswers = false, prefix = 0): ServedAdapter => ({
  digest,
  scope: adaptsAnswers ? 'all' : 'prompt',
  adaptsAnswers,
  loaded: { adapter: {}, served: new Map() } as never,
  prefix: prefix > 0 ? zeros('float32', [prefix, 1]) : undefined,
  softTokens: [],
  tokenizer: {} as never,
});

interface HashExecutorOptions {
  readonly chunks?: boolean;
}

function prefixOf(adapter: ServedAdapter | undefined): number[] {
  return new Array<number>(adapter?.prefix?.shape[0] ?? 0).fill(-1);
}

/** What an adapter does to a prompt's tokens. */
function shiftOf(adapter: ServedAdapter | undefined): number {
  return adapter ? 100 * adapter.digest.charCodeAt(0) + (adapter.adaptsAnswers ? 50 : 0) : 0;
}

/**
 * A language model of one line: the next token's logits are a hash of what the slot holds. It keeps its slots in
 * memory as the real one does, and checks that plans are sound.
 */
export class HashExecutor extends Executor {
  readonly capacity = CAPACITY;
  readonly chunks: boolean;
  readonly tokenBytes = 1;
  readonly blocks: BlockLayout | undefined;
  readonly plans: StepPlan[] = [];
  readonly #blocks = new Map<string, number[]>();
  readonly #memory: number[][];
  failing = false;
  closed = false;

  constructor(
    readonly slots: number,
    { chunks = true }: HashExecutorOptions = {},
  ) {
    super();
    this.chunks = chunks;
    this.blocks = chunks ? { tokens: BLOCK, key: 'hash' } : undefined;
    this.#memory = Array.from({ length: slots }, () => []);
  }

  override run(plan: StepPlan): Promise<ReadonlyMap<number, RowLogits>> {
    this.plans.push(plan);
    if (this.failing) return Promise.reject(new Error('no power'));
    for (const { from, to, length } of plan.copies) {
      expect(this.#memory[from]).toHaveLength(length);
      this.#memory[to] = [...this.#held(from)];
    }
    for (const { from, to, length, back } of plan.moves) {
      expect(this.#memory[from]).toHaveLength(length);
      const aside = this.#held(to);
      if (back > 0) expect(aside).toHaveLength(back);
      this.#memory[to] = this.#held(from);
      // What does not go back is gone.
      this.#memory[from] = back > 0 ? aside : [-7];
    }
    for (const { slot, adapter, blocks } of plan.load) {
      const kept = blocks.flatMap((name) => this.#blocks.get(name) ?? [NaN]);
      this.#memory[slot] = [...prefixOf(adapter), ...kept];
    }
    const runs = [plan.decode, plan.adaptedDecode, ...plan.replay.map((row) => [row]), ...plan.prefill];
    for (const rows of runs)
      expect(rows.map(({ slot }) => slot - (rows[0]?.slot ?? 0))).toEqual([...rows.keys()]);
    const slots = rowsOf(plan).map(({ slot }) => slot);
    expect(new Set(slots).size).toBe(slots.length);
    expect(Math.max(0, ...slots)).toBeLessThan(this.slots);
    if (!this.chunks) {
      expect(plan.replay).toEqual([]);
      for (const { tokens, promptLength } of plan.prefill.flat()) expect(tokens).toHaveLength(promptLength);
    }
    for (const rows of plan.prefill) {
      if (rows.some(({ start, adapter }) => start > 0 || adapter?.prefix)) expect(rows).toHaveLength(1);
    }
    for (const row of rowsOf(plan)) this.#take(row);
    for (const name of plan.drop) this.#blocks.delete(name);
    for (const { slot, start, block } of plan.save) {
      this.#blocks.set(block, this.#held(slot).slice(start, start + BLOCK));
    }
    return Promise.resolve(
      new Map(rowsOf(plan).map(({ request, slot }) => [request, { values: this.#logits(this.#held(slot)) }])),
    );
  }

  override close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Base tokens go in as they are, what an adapter acts on is shifted. */
  #take(row: PlannedRow): void {
    const memory = this.#held(row.slot);
    if ('promptLength' in row) {
      const { adapter, start, tokens } = row;
      const prefix = prefixOf(adapter);
      const shift = shiftOf(adapter);
      if (start > 0) expect(memory).toHaveLength(prefix.length + start);
      const before = start > 0 ? memory : prefix;
      this.#memory[row.slot] = [...before, ...tokens.map((token) => token + shift)];
      return;
    }
    expect(memory).toHaveLength(row.length);
    const adapted = 'adapter' in row && row.adapter !== undefined;
    const tokens = 'token' in row ? [row.token] : row.tokens;
    memory.push(...tokens.map((token) => (adapted ? token + 1000 : token)));
    expect(memory.length).toBeLessThanOrEqual(CAPACITY);
  }

  /** Bytes of all blocks. */
  get blockBytes(): number {
    return [...this.#blocks.values()].flat().length;
  }

  #held(slot: number): number[] {
    return this.#memory[slot] ?? [];
  }

  #logits(memory: readonly number[]): Float32Array {
    const hash = memory.reduce((state, token) => (Math.imul(state, 31) + token + 1) | 0, 17);
    return Float32Array.from(
      { length: VOCABULARY },
      // The end token is less likely than others, so that there are long answers.
      (_, id) => ((Math.imul(hash ^ (id * 0x9e37), 0x85eb_ca6b) >>> 8) % 1000) / 250 - (id === END ? 1 : 0),
    );
  }
}
