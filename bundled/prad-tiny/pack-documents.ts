/** How documents are laid into rows. */
export interface PackingOptions {
  /** Tokens in a row; a longer document is cut. */
  readonly rowLength: number;
  /** Written behind each document, and as padding at the end of a row. */
  readonly endToken: number;
  /** Rows that may stand open at a time; more of them fill better and hold documents back longer. */
  readonly openRows: number;
}

/** One row of tokens; the first `used` are text and end tokens, the rest is padding. */
export interface PackedRow {
  readonly tokens: Int32Array;
  readonly used: number;
}

interface OpenRow {
  readonly tokens: Int32Array;
  used: number;
}

/**
 * Packs whole documents into rows (best fit), so that no document loses its beginning, from which the model is to
 * copy. An endless input gives endless rows.
 */
export function* packDocuments(
  documents: Iterable<readonly number[]>,
  options: PackingOptions,
): Generator<PackedRow> {
  const open: OpenRow[] = [];
  const nearlyFull = options.rowLength - 8;
  for (const document of documents) {
    const tokens = [...document, options.endToken].slice(0, options.rowLength);
    let row = bestFit(open, tokens.length, options.rowLength);
    if (row === undefined) {
      row = { tokens: new Int32Array(options.rowLength).fill(options.endToken), used: 0 };
      open.push(row);
    }
    row.tokens.set(tokens, row.used);
    row.used += tokens.length;
    if (row.used > nearlyFull || open.length > options.openRows) yield takeFullest(open);
  }
  while (open.length > 0) yield takeFullest(open);
}

function bestFit(open: readonly OpenRow[], needed: number, rowLength: number): OpenRow | undefined {
  let best: OpenRow | undefined;
  for (const row of open) {
    if (row.used + needed <= rowLength && (best === undefined || row.used > best.used)) best = row;
  }
  return best;
}

function takeFullest(open: OpenRow[]): PackedRow {
  let at = 0;
  for (let i = 1; i < open.length; i++) {
    if ((open[i]?.used ?? 0) > (open[at]?.used ?? 0)) at = i;
  }
  const [row] = open.splice(at, 1);
  return row ?? { tokens: new Int32Array(), used: 0 };
}
