/**
 * Lengths of the longest common subsequences of all beginnings: row i and column j hold that of the first i words of
 * `reference` and the first j of `words`. [I + 1, J + 1]
 */
export function commonLengths(reference: readonly string[], words: readonly string[]): Uint32Array[] {
  const rows = [new Uint32Array(words.length + 1)];
  for (const [index, word] of reference.entries()) {
    const above = rows[index] ?? new Uint32Array(0);
    const row = new Uint32Array(words.length + 1);
    for (let column = 1; column <= words.length; column += 1) {
      row[column] =
        word === words[column - 1]
          ? (above[column - 1] ?? 0) + 1
          : Math.max(above[column] ?? 0, row[column - 1] ?? 0);
    }
    rows.push(row);
  }
  return rows;
}

export function commonLength(reference: readonly string[], words: readonly string[]): number {
  return commonLengths(reference, words).at(-1)?.at(-1) ?? 0;
}

/** The places in `reference` of one longest common subsequence; where two are as long, the later words. */
export function commonPlaces(reference: readonly string[], words: readonly string[]): number[] {
  const lengths = commonLengths(reference, words);
  const places: number[] = [];
  let [row, column] = [reference.length, words.length];
  while (row > 0 && column > 0) {
    if (reference[row - 1] === words[column - 1]) {
      places.push(row - 1);
      row -= 1;
      column -= 1;
    } else if ((lengths[row]?.[column - 1] ?? 0) > (lengths[row - 1]?.[column] ?? 0)) {
      column -= 1;
    } else {
      row -= 1;
    }
  }
  return places.reverse();
}
