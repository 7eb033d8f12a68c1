import type { GridResult } from './run-grid.js';
import { nameOf, type Cell, type GridSettings } from './grid.js';
import type { PaperTask } from './paper-settings.js';

/** One metric of one trained model, or of the base, which has no cell. */
export interface GridScore {
  readonly task: PaperTask;
  readonly cell: Cell | undefined;
  readonly model: string;
  readonly metric: string;
  readonly score: number;
  /** Ends of the 95 % interval by bootstrap. */
  readonly low: number;
  readonly high: number;
  readonly higherIsBetter: boolean;
  readonly signature: string;
}

/** The scores of a grid; the base's once a task. */
export function scoresOf({ cells, evaluations }: GridResult): readonly GridScore[] {
  const cellOf = new Map(cells.map(({ cell, job }) => [job.fine_tuned_model, cell]));
  const seen = new Set<string>();
  return evaluations.flatMap(({ gridTask: task, result }) =>
    (result?.models ?? []).flatMap(({ model, scores }) => {
      if (seen.has(`${task} ${model}`)) return [];
      seen.add(`${task} ${model}`);
      return scores.map(({ metric, score, low, high, higher_is_better: higherIsBetter, signature }) => ({
        ...{ task, cell: cellOf.get(model), model, metric, score, low, high, higherIsBetter, signature },
      }));
    }),
  );
}

/** Every score in a line, for other programs. */
export function csvOf(scores: readonly GridScore[], { model: base }: GridSettings): string {
  const head = ['task', 'method', 'scope', 'seed', 'metric', 'score', 'low', 'high', 'model', 'signature'];
  const lines = scores.map(({ task, cell, model, metric, score, low, high, signature }) => [
    ...[task, cell?.method ?? '', cell?.scope ?? '', cell?.seed ?? '', metric, score, low, high],
    ...[cell ? model : base, signature],
  ]);
  return [head, ...lines].map((line) => `${line.map(csvField).join(',')}\n`).join('');
}

function csvField(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

interface Row {
  readonly name: string;
  readonly scope: string;
  readonly scores: readonly GridScore[];
}

/** A table for each task, and what it says of the claim. */
export function markdownOf(result: GridResult, settings: GridSettings): string {
  const scores = scoresOf(result);
  const failed = result.cells.filter(({ job }) => job.fine_tuned_model === null);
  const { model, steps, batchSize, seeds, template } = settings;
  const parts = [
    `# PrAd and its conventional twins on ${model}`,
    `At most ${steps} steps of batch ${batchSize}, ${seeds.length} seeds (${seeds.join(', ')}), template ${template}, sizes and learning rates of the paper${ratesOf(settings)}. Means over seeds ± standard deviation, in brackets the mean ends of the 95 % intervals by bootstrap.`,
    ...settings.tasks.map((task) => taskSection(task, scores, result)),
    ...failed.map(
      ({ cell, job }) => `${nameOf(cell)} ${job.status}: ${job.error?.message ?? 'no reason was given'}`,
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

function ratesOf({ learningRates }: GridSettings): string {
  const rates = Object.entries(learningRates).map(([method, rate]) => `${method} ${rate}`);
  return rates.length === 0 ? '' : `, but for the learning rates ${rates.join(', ')}`;
}

function taskSection(task: PaperTask, all: readonly GridScore[], result: GridResult): string {
  const scores = all.filter((score) => score.task === task);
  const metrics = [...new Set(scores.map(({ metric }) => metric))];
  const rows = rowsOf(scores);
  const samples = result.evaluations.find(({ gridTask }) => gridTask === task)?.result?.samples ?? 0;
  const head = ['method', 'acts on', ...metrics];
  const lines = rows.map((row) => [row.name, row.scope, ...metrics.map((metric) => summaryOf(row, metric))]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return [`## ${task}, ${samples} samples`, table, ...verdicts(rows, metrics)].join('\n\n');
}

/** The base first, then every method with its twin behind it. */
function rowsOf(scores: readonly GridScore[]): readonly Row[] {
  const rows = new Map<string, GridScore[]>();
  for (const score of scores) {
    const key = score.cell ? `${score.cell.method} ${score.cell.scope}` : 'base -';
    rows.set(key, [...(rows.get(key) ?? []), score]);
  }
  return [...rows].map(([key, own]) => {
    const [name = '', scope = ''] = key.split(' ');
    return { name, scope, scores: own };
  });
}

interface Summary {
  readonly mean: number;
  readonly deviation: number | undefined;
  readonly low: number;
  readonly high: number;
  readonly higherIsBetter: boolean;
}

function statisticsOf({ scores }: Row, metric: string): Summary | undefined {
  const own = scores.filter((score) => score.metric === metric);
  if (own.length === 0) return undefined;
  const mean = (of: (score: GridScore) => number): number =>
    own.reduce((sum, score) => sum + of(score), 0) / own.length;
  const middle = mean(({ score }) => score);
  const squares = own.reduce((sum, { score }) => sum + (score - middle) ** 2, 0);
  return {
    mean: middle,
    deviation: own.length > 1 ? Math.sqrt(squares / (own.length - 1)) : undefined,
    low: mean(({ low }) => low),
    high: mean(({ high }) => high),
    higherIsBetter: own[0]?.higherIsBetter ?? true,
  };
}

function summaryOf(row: Row, metric: string): string {
  const found = statisticsOf(row, metric);
  if (!found) return '-';
  const number = (value: number): string => value.toFixed(Math.abs(value) < 2 ? 3 : 2);
  const deviation = found.deviation === undefined ? '' : ` ± ${number(found.deviation)}`;
  return `${number(found.mean)}${deviation} [${number(found.low)}, ${number(found.high)}]`;
}

/** Of every method with a twin: in which metrics its mean is within the twin's interval or better, and above the base's interval. */
function verdicts(rows: readonly Row[], metrics: readonly string[]): readonly string[] {
  const base = rows.find(({ name }) => name === 'base');
  return rows
    .filter(
      ({ scope, name }) => scope === 'prompt' && rows.some((row) => row.name === name && row.scope === 'all'),
    )
    .map((prad) => {
      const twin = rows.find((row) => row.name === prad.name && row.scope === 'all');
      const reached = metrics.filter((metric) => isNotWorse(prad, twin, metric));
      const above = metrics.filter((metric) => isAbove(prad, base, metric) && isAbove(twin, base, metric));
      return `${prad.name}: PrAd is within its twin's interval or better in ${reached.length} of ${metrics.length} metrics${listOf(reached)}; both are beyond the base's interval in ${above.length}${listOf(above)}.`;
    });
}

function listOf(metrics: readonly string[]): string {
  return metrics.length === 0 ? '' : ` (${metrics.join(', ')})`;
}

function isNotWorse(row: Row, other: Row | undefined, metric: string): boolean {
  const [own, theirs] = [statisticsOf(row, metric), other && statisticsOf(other, metric)];
  if (!own || !theirs) return false;
  return own.higherIsBetter ? own.mean >= theirs.low : own.mean <= theirs.high;
}

function isAbove(row: Row | undefined, base: Row | undefined, metric: string): boolean {
  const [own, theirs] = [row && statisticsOf(row, metric), base && statisticsOf(base, metric)];
  if (!own || !theirs) return false;
  return own.higherIsBetter ? own.mean > theirs.high : own.mean < theirs.low;
}
