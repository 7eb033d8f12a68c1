import { AppError } from '@prad/errors';
import { tensor, type HostTensor } from '@prad/tensor';
import { bankInput } from './bank-layout.js';
import type { Dimensions } from '../architectures/architecture.js';
import type { BankRow, LoadedAdapter, StackedBank } from './stack-bank.js';
import { servedName } from './tensor-names.js';

export type TokenDimensions = Pick<Dimensions, 'vocabSize' | 'hiddenSize'>;

/** The rows of all adapters' virtual tokens in one table; row 0 stands for none. */
export function stackVirtualTokens(
  adapters: readonly LoadedAdapter[],
  { vocabSize, hiddenSize: width }: TokenDimensions,
): StackedBank {
  const tables = adapters.map(({ served }) => served.get(servedName.virtualTokens));
  const counts = tables.map((table) => table?.shape[0] ?? 0);
  const starts = counts.map((_, index) => 1 + counts.slice(0, index).reduce((sum, count) => sum + count, 0));
  const total = counts.reduce((sum, count) => sum + count, 1);
  const data = new Float32Array(total * width);
  tables.forEach((table, index) => {
    if (table?.dtype === 'float32') data.set(table.data, (starts[index] ?? 0) * width);
  });
  return {
    feeds: { [bankInput.virtualTable]: tensor('float32', [total, width], data) },
    rows: (batch) => ({ [bankInput.virtualIndex]: indexOf(batch, { starts, counts, vocabSize }) }),
  };
}

interface Places {
  readonly starts: readonly number[];
  readonly counts: readonly number[];
  readonly vocabSize: number;
}

function indexOf(batch: readonly BankRow[], { starts, counts, vocabSize }: Places): HostTensor {
  const tokens = Math.max(...batch.map((row) => row.tokens.length)); // T
  const index = new BigInt64Array(batch.length * tokens);
  batch.forEach((row, b) => {
    row.tokens.forEach((id, t) => {
      const own = id - vocabSize;
      if (own < 0) return;
      if (own >= (counts[row.adapter ?? -1] ?? 0)) throw unknownToken(id);
      index[b * tokens + t] = BigInt((starts[row.adapter ?? -1] ?? 0) + own);
    });
  });
  return tensor('int64', [batch.length, tokens], index);
}

function unknownToken(id: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'unknown_token',
    message: `token ${id} is neither in the vocabulary nor the adapter's own`,
  });
}
