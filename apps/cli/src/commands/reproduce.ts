import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { note, print } from '../output/print.js';
import { cellsOf, methodsOf, tasksOf, type GridSettings } from '../reproduce/grid.js';
import { GridState } from '../reproduce/grid-state.js';
import { csvOf, markdownOf, scoresOf } from '../reproduce/grid-table.js';
import { paperMethods, paperTasks, type PaperMethod, type PaperTask } from '../reproduce/paper-settings.js';
import { runGrid } from '../reproduce/run-grid.js';
import { atServer, type AddCommands } from './command-context.js';
import { keyValueOption } from './key-value-option.js';
import { numberOption } from './number-option.js';

interface ReproduceOptions {
  readonly model: string;
  readonly data: string;
  readonly tasks: PaperTask[];
  readonly methods: PaperMethod[];
  readonly seeds: number[];
  readonly steps: number;
  readonly batchSize: number;
  readonly template: 'plain' | 'special';
  readonly lr?: Readonly<Record<string, unknown>>;
  readonly limit?: number;
  readonly out: string;
}

/** prad reproduce */
export const addReproduce: AddCommands = (program, context) => {
  program
    .command('reproduce')
    .description(
      "train the paper's grid within a budget: each method and its conventional twin, scored with the base",
    )
    .requiredOption('--model <name>', 'base model')
    .requiredOption('--data <folder>', 'a folder with <task>/train.jsonl and <task>/test.jsonl')
    .option('--tasks <names>', `of ${paperTasks.join(', ')}`, tasksOf, ['e2e', 'sst2'])
    .option('--methods <names>', `of ${paperMethods.join(', ')}`, methodsOf, ['adapter', 'lora'])
    .option('--seeds <numbers>', 'one training for each', seedsOf, [1, 2, 3])
    .option('--steps <n>', 'most optimiser steps of a training', numberOption, 400)
    .option('--batch-size <n>', 'rows of a step', numberOption, 8)
    .option('--template <name>', 'plain, or special: with special tokens', 'plain')
    .option('--lr <method=rate>', "in place of the paper's learning rate; may be repeated", keyValueOption)
    .option('--limit <n>', 'most samples of an evaluation', numberOption)
    .option('--out <folder>', 'where the tables go, and what a later run goes on from', 'reproduce')
    .action((options: ReproduceOptions) =>
      atServer(context, async ({ client }) => {
        const { data, out, lr, ...rest } = options;
        const settings = { ...rest, limit: rest.limit, learningRates: ratesOf(lr) };
        const state = await GridState.open(out, { ...settings, data: resolve(data) });
        note(
          `${cellsOf(settings).length} trainings; leaving does not stop them, and the same command goes on`,
        );
        const result = await runGrid(client, settings, data, state);
        const table = markdownOf(result, settings);
        await writeFile(join(out, 'reproduce.md'), table);
        await writeFile(join(out, 'reproduce.csv'), csvOf(scoresOf(result), settings));
        print(table.trimEnd());
        note(`written to ${pc.bold(join(out, 'reproduce.md'))} and reproduce.csv`);
      }),
    );
};

function seedsOf(text: string): number[] {
  return text.split(',').map(numberOption);
}

function ratesOf(given: Readonly<Record<string, unknown>> = {}): GridSettings['learningRates'] {
  return Object.fromEntries(
    Object.entries(given).flatMap(([names, rate]) => methodsOf(names).map((name) => [name, Number(rate)])),
  );
}
