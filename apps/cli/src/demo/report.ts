import pc from 'picocolors';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { isRight } from './demo-task.js';
import type { MixedAnswers } from './ask.js';
import { percent, type ScoredTask } from './check.js';
import type { TrainedTask } from './train-tasks.js';

const LONGEST_CELL = 58;

export function reportTraining(trained: readonly TrainedTask[]): void {
  const rows = trained.map(({ task, adapter, lossBefore, lossAfter }) => [
    ...[task.name, lossBefore.toFixed(3), lossAfter.toFixed(3), adapter],
  ]);
  print(table(['TASK', 'VALIDATION LOSS BEFORE', 'AFTER', 'ADAPTER'], rows));
}

export function reportAnswers({ rows, maxRows, maxAdapters }: MixedAnswers): void {
  print(
    `\n${rows.length * 2} requests at once: up to ${maxRows} rows and ${maxAdapters} adapters in one step`,
  );
  for (const { task, row, base, adapter } of rows) {
    const mark = isRight(adapter, row) ? pc.green('✓') : pc.yellow('·');
    print(`\n${pc.dim(task.name.padEnd(8))} ${row.prompt}`);
    print(`  ${'base'.padEnd(8)} ${pc.dim(cut(base))}`);
    print(`${mark} ${'adapter'.padEnd(8)} ${cut(adapter)}`);
  }
}

export function reportScores(tasks: readonly ScoredTask[]): void {
  const rows = tasks.map(({ task, baseScore, adapterScore }) => [
    ...[task.name, task.measure, percent(baseScore), pc.bold(percent(adapterScore))],
  ]);
  print(`\n${table(['TASK', 'ON HELD-OUT ROWS', 'BASE', 'ADAPTER'], rows)}`);
}

function cut(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 2 * LONGEST_CELL ? `${line.slice(0, 2 * LONGEST_CELL)}...` : line;
}
