import { AppError } from '@prad/errors';
import { maskPolicy } from '@prad/nn';
import { tensor, type HostTensor } from '@prad/tensor';
import { io } from './model-graphs.js';
import type { ServedAdapter } from './served-adapter.js';

/** One row of a run: the tokens that go in, and how many its slot holds already. */
export interface RunRow {
  readonly request: number;
  readonly slot: number;
  readonly tokens: readonly number[];
  readonly past: number;
  /** The whole prompt that the tokens are a part of; undefined where they are an answer's. */
  readonly prompt: { readonly start: number; readonly length: number } | undefined;
  readonly adapter: ServedAdapter | undefined;
}

/**
 * The feeds of a run besides cache and bank. Prompts of different lengths are padded on the right; in a decode step
 * rows differ in `past`; several tokens behind others run alone. Logits come out for the rows at the places `wanted` alone.
 * @throws AppError bug `slots_not_consecutive`, `cache_full`.
 */
export function runFeeds(
  rows: readonly RunRow[],
  wanted: readonly number[],
  { capacity, vocabSize }: { readonly capacity: number; readonly vocabSize: number },
): Record<string, HostTensor> {
  checkRows(rows, capacity);
  const count = rows.length;
  const width = Math.max(...rows.map(({ tokens }) => tokens.length)); // T
  const inputIds = new BigInt64Array(count * width);
  const positionIds = new BigInt64Array(count * width);
  rows.forEach(({ tokens, past }, row) => {
    // An adapter's own tokens are no rows of the base's embedding.
    tokens.forEach((token, t) => (inputIds[row * width + t] = BigInt(token < vocabSize ? token : 0)));
    tokens.forEach((_, t) => (positionIds[row * width + t] = BigInt(past + t)));
  });
  const longestPast = Math.max(...rows.map(({ past }) => past));
  return {
    [io.inputIds]: tensor('int64', [count, width], inputIds),
    [io.positionIds]: tensor('int64', [count, width], positionIds),
    [io.last]: tensor(
      'int64',
      [wanted.length],
      BigInt64Array.from(wanted, (row) => BigInt(row * width + (rows[row]?.tokens.length ?? 1) - 1)),
    ),
    [io.seqlens]: tensor(
      'int32',
      [count],
      Int32Array.from(rows, ({ tokens, past }) => past + tokens.length - 1),
    ),
    [io.total]: tensor('int32', [], Int32Array.of(longestPast + width)),
  };
}

/**
 * Where adapters act, float32 [B, T, 1]: on a prompt where the adapter's policy says; on an answer token everywhere,
 * since only rows whose adapters act on answers come here with one.
 */
export function maskFeed(rows: readonly RunRow[]): HostTensor {
  const width = Math.max(...rows.map(({ tokens }) => tokens.length));
  const mask = new Float32Array(rows.length * width);
  rows.forEach(({ tokens, prompt, adapter }, row) => {
    if (!adapter) return;
    const own = mask.subarray(row * width, row * width + tokens.length);
    if (!prompt) own.fill(1);
    else own.set(promptMask(adapter, prompt.length).subarray(prompt.start, prompt.start + tokens.length));
  });
  return tensor('float32', [rows.length, width, 1], mask);
}

/** Where an adapter acts on a prompt of so many tokens, float32 [length]. */
export function promptMask({ scope }: Pick<ServedAdapter, 'scope'>, length: number): Float32Array {
  return maskPolicy(scope)({ length, promptLength: length });
}

function checkRows(rows: readonly RunRow[], capacity: number): void {
  const first = rows[0]?.slot ?? 0;
  rows.forEach(({ slot, past, tokens }, index) => {
    if (slot !== first + index) {
      const slots = rows.map((row) => row.slot).join(', ');
      throw planError('slots_not_consecutive', `the rows of a run lie in slots ${slots}`);
    }
    if (past + tokens.length > capacity) {
      throw planError(
        'cache_full',
        `slot ${slot} holds ${past} of ${capacity} tokens: no room for ${tokens.length} more`,
      );
    }
  });
}

function planError(code: string, message: string): AppError {
  return new AppError({ kind: 'bug', code, message });
}
