import { AppError } from '@prad/errors';
import type { JobRequest } from '../api/api-client.js';
import {
  paperCommon,
  paperMethods,
  paperSettings,
  paperTasks,
  twinless,
  type PaperMethod,
  type PaperSetting,
  type PaperTask,
} from './paper-settings.js';

/** What the whole grid shares. */
export interface GridSettings {
  readonly model: string;
  readonly tasks: readonly PaperTask[];
  readonly methods: readonly PaperMethod[];
  readonly seeds: readonly number[];
  /** Most optimiser steps of a training: the paper's own where they are fewer. */
  readonly steps: number;
  readonly batchSize: number;
  readonly template: 'plain' | 'special';
  /** In place of the paper's, by method. */
  readonly learningRates: Readonly<Partial<Record<PaperMethod, number>>>;
  /** Most samples of an evaluation. */
  readonly limit: number | undefined;
}

/** Where an adapter acts: the prompt alone (PrAd) or everywhere (its conventional twin). */
export type Scope = 'prompt' | 'all';

/** One training of the grid. */
export interface Cell {
  readonly task: PaperTask;
  readonly method: PaperMethod;
  readonly scope: Scope;
  readonly seed: number;
}

/** A cell in a word, for files and labels: `e2e/lora/prompt/1`. */
export function nameOf({ task, method, scope, seed }: Cell): string {
  return [task, method, scope, seed].join('/');
}

/** All trainings: PrAd and its twin for every method that the paper ran on the task, for every seed. */
export function cellsOf({ tasks, methods, seeds }: GridSettings): readonly Cell[] {
  return tasks.flatMap((task) =>
    methods
      .filter((method) => paperSettings[task][method] !== undefined)
      .flatMap((method) =>
        scopesOf(method).flatMap((scope) => seeds.map((seed) => ({ task, method, scope, seed }))),
      ),
  );
}

/** A prefix is in front of everything, and full training has no positions to choose. */
export function scopesOf(method: PaperMethod): readonly Scope[] {
  if (!twinless.includes(method)) return ['prompt', 'all'];
  return [method === 'full' ? 'all' : 'prompt'];
}

/** The job that a cell stands for. */
export function requestOf(cell: Cell, settings: GridSettings, trainingFile: string): JobRequest {
  const { task, method, scope, seed } = cell;
  const paper = settingOf(cell);
  const { model, batchSize, template, learningRates } = settings;
  return {
    ...{ model, seed, training_file: trainingFile, task: { name: task, template } },
    metadata: { reproduce: nameOf(cell) },
    method: {
      type: 'prad',
      prad: {
        ...{ adapter: method, scope, ...paper.options },
        hyperparameters: {
          ...paperCommon,
          max_steps: stepsOf(paper, settings),
          batch_size: batchSize,
          learning_rate: learningRates[method] ?? paper.learning_rate,
          // The last step is the result: a validation would take longer than so short a training.
          evaluation_steps: 0,
          // The seeds of a cell differ in nothing else: one pass trains them all.
          pack: method !== 'full',
        },
      },
    },
  };
}

function settingOf({ task, method }: Cell): PaperSetting {
  const setting = paperSettings[task][method];
  if (setting) return setting;
  throw new AppError({ kind: 'bug', code: 'no_setting', message: `the paper has no ${method} on ${task}` });
}

/** The budget, or the paper's steps where it has fewer. */
function stepsOf({ length }: PaperSetting, { steps }: GridSettings): number {
  return 'max_steps' in length ? Math.min(length.max_steps, steps) : steps;
}

/** Names as the user wrote them, as a list of the known ones. Throws invalid for any other. */
export function namesOf<Name extends string>(what: string, text: string, known: readonly Name[]): Name[] {
  return text.split(',').map((part) => {
    const found = known.find((name) => name === part.trim());
    if (found) return found;
    throw new AppError({
      kind: 'invalid',
      code: `unknown_${what}`,
      message: `unknown ${what} "${part.trim()}": known are ${known.join(', ')}`,
    });
  });
}

export const tasksOf = (text: string): PaperTask[] => namesOf('task', text, paperTasks);
export const methodsOf = (text: string): PaperMethod[] => namesOf('method', text, paperMethods);
