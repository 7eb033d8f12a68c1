/** What turns one word of the prediction into one of the reference. */
export type Edit = 'keep' | 'substitute' | 'delete' | 'insert';

export interface EditPath {
  readonly distance: number;
  /** From the first word to the last. */
  readonly edits: readonly Edit[];
}

const BEAM = 25;
const UNREACHED = 1e16;

/**
 * Levenshtein distance between two lists of words, near the diagonal alone, as sacrebleu's TER computes it. Of equal
 * paths the one that keeps or substitutes, then deletes, then inserts is taken.
 */
export function editPath(words: readonly string[], reference: readonly string[]): EditPath {
  const width = reference.length + 1;
  const costs = new Float64Array((words.length + 1) * width).fill(UNREACHED);
  const edits = new Array<Edit>(costs.length).fill('insert');
  for (let column = 0; column < width; column += 1) costs[column] = column;
  const ratio = words.length === 0 ? 1 : reference.length / words.length;
  const beam = BEAM < ratio / 2 ? Math.ceil(ratio / 2 + BEAM) : BEAM;
  for (let row = 1; row <= words.length; row += 1) {
    const diagonal = Math.floor(row * ratio);
    const end = row === words.length ? width : Math.min(width, diagonal + beam);
    for (let column = Math.max(0, diagonal - beam); column < end; column += 1) {
      const at = row * width + column;
      const isSame = words[row - 1] === reference[column - 1];
      const fromLeft = column === 0 ? UNREACHED : (costs[at - 1] ?? 0);
      const diagonally = column === 0 ? UNREACHED : (costs[at - width - 1] ?? 0);
      const options: readonly (readonly [number, Edit])[] = [
        [diagonally + (isSame ? 0 : 1), isSame ? 'keep' : 'substitute'],
        [(costs[at - width] ?? 0) + 1, 'delete'],
        [fromLeft + 1, 'insert'],
      ];
      for (const [cost, edit] of options) {
        if (cost < (costs[at] ?? 0)) {
          costs[at] = cost;
          edits[at] = edit;
        }
      }
    }
  }
  return { distance: costs.at(-1) ?? 0, edits: trace(edits, words.length, reference.length) };
}

function trace(edits: readonly Edit[], rows: number, columns: number): Edit[] {
  const path: Edit[] = [];
  let [row, column] = [rows, columns];
  while (row > 0 || column > 0) {
    const edit = edits[row * (columns + 1) + column] ?? 'insert';
    path.push(edit);
    if (edit !== 'insert') row -= 1;
    if (edit !== 'delete') column -= 1;
  }
  return path.reverse();
}
