import type { NameSplit } from '../world/names.js';
import { Random } from '../world/random.js';

/** One row of a task's JSONL. */
export interface TaskRow {
  readonly prompt: string;
  readonly completion: string;
}

/** A bundled task: its folder's name, its seed, its sizes, and how a row of a split is written. */
export interface BundledTask {
  readonly name: string;
  readonly seed: number;
  readonly sizes: Readonly<Record<NameSplit, number>>;
  /** `index` counts rows within the split, so that labels can alternate. */
  readonly row: (random: Random, split: NameSplit, index: number) => TaskRow;
}

/** All rows of a task. No prompt occurs twice, neither within a split nor across splits. */
export function taskRows(task: BundledTask): Record<NameSplit, TaskRow[]> {
  const random = new Random(task.seed);
  const seen = new Set<string>();
  const rows = (split: NameSplit): TaskRow[] => {
    const out: TaskRow[] = [];
    while (out.length < task.sizes[split]) {
      const row = task.row(random, split, out.length);
      if (seen.has(row.prompt)) continue;
      seen.add(row.prompt);
      out.push(row);
    }
    return random.shuffle(out);
  };
  return { train: rows('train'), validation: rows('validation'), test: rows('test') };
}

/** Rows as JSONL. */
export function toJsonLines(rows: readonly TaskRow[]): string {
  return rows
    .map((row) => `${JSON.stringify({ prompt: row.prompt, completion: row.completion })}\n`)
    .join('');
}
