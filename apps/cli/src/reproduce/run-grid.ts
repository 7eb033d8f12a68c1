import { setTimeout as sleep } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_EVALUATED_MODELS, type EvaluationObject, type FineTuningJobObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';
import { note } from '../output/print.js';
import { cellsOf, nameOf, requestOf, type Cell, type GridSettings } from './grid.js';
import type { GridState } from './grid-state.js';
import type { PaperTask } from './paper-settings.js';

const LOOK_MS = 1_000;

/** A training that ended, with its adapter or model, or with the reason why it has none. */
export interface TrainedCell {
  readonly cell: Cell;
  readonly job: FineTuningJobObject;
}

/** All that a grid came to. */
export interface GridResult {
  readonly cells: readonly TrainedCell[];
  readonly evaluations: readonly (EvaluationObject & { readonly gridTask: PaperTask })[];
}

/** Submits what was not submitted yet, waits for all of it, and evaluates every task's models together with the base. */
export async function runGrid(
  client: ApiClient,
  settings: GridSettings,
  data: string,
  state: GridState,
): Promise<GridResult> {
  const trained: TrainedCell[] = [];
  for (const cell of cellsOf(settings)) await submitCell(client, settings, data, state, cell);
  for (const cell of cellsOf(settings))
    trained.push({ cell, job: await endOf(client, state, cell, trained.length) });
  const evaluations = [];
  for (const task of settings.tasks) {
    const ofTask = trained.filter(({ cell, job }) => cell.task === task && job.fine_tuned_model !== null);
    const models = ofTask.map(({ job }) => job.fine_tuned_model ?? '');
    for (const [part, some] of chunks(models, MAX_EVALUATED_MODELS - 1).entries()) {
      const file = await fileOf(client, settings, data, state, task, 'test');
      const id = await state.once('evaluations', `${task}/${part}`, async () => {
        const asked = { model: [settings.model, ...some], file, limit: settings.limit };
        return (await client.createEvaluation(asked)).id;
      });
      evaluations.push({ ...(await evaluated(client, id, state, `${task}/${part}`)), gridTask: task });
    }
  }
  return { cells: trained, evaluations };
}

async function submitCell(
  client: ApiClient,
  settings: GridSettings,
  data: string,
  state: GridState,
  cell: Cell,
): Promise<void> {
  const file = await fileOf(client, settings, data, state, cell.task, 'train');
  await state.once('jobs', nameOf(cell), async () => {
    const { id } = await client.createJob(requestOf(cell, settings, file));
    note(`${nameOf(cell)}: job ${id}`);
    return id;
  });
}

/** The uploaded file of a task, the same for all who ask. */
function fileOf(
  client: ApiClient,
  { template }: GridSettings,
  data: string,
  state: GridState,
  task: PaperTask,
  split: 'train' | 'test',
): Promise<string> {
  return state.once('files', `${task}/${split}`, async () => {
    const path = join(data, task, `${split}.jsonl`);
    if (!existsSync(path)) throw noData(path);
    return (await client.uploadFile(path, { task: { name: task, template } })).id;
  });
}

/** A job that did not succeed is submitted anew when the grid is run again. */
async function endOf(
  client: ApiClient,
  state: GridState,
  cell: Cell,
  done: number,
): Promise<FineTuningJobObject> {
  const id = state.get('jobs', nameOf(cell)) ?? '';
  for (;;) {
    const job = await client.job(id);
    if (job.status === 'succeeded') return job;
    if (job.status === 'failed' || job.status === 'cancelled') {
      note(`${nameOf(cell)}: ${job.error?.message ?? job.status}`);
      await state.forget('jobs', nameOf(cell));
      return job;
    }
    const { progress } = job.prad;
    if (process.stderr.isTTY && progress)
      process.stderr.write(
        `\r${done} trainings done; ${nameOf(cell)}: step ${progress.step} of ${progress.total}   `,
      );
    await sleep(LOOK_MS);
  }
}

async function evaluated(
  client: ApiClient,
  id: string,
  state: GridState,
  name: string,
): Promise<EvaluationObject> {
  note(`${name}: evaluation ${id}`);
  for (;;) {
    const evaluation = await client.evaluation(id);
    const { status, error, progress } = evaluation;
    if (status === 'succeeded') return evaluation;
    if (status === 'failed' || status === 'cancelled') {
      await state.forget('evaluations', name);
      const why = error?.message ?? status;
      throw new AppError({ kind: 'conflict', code: 'evaluation_failed', message: `${name}: ${why}` });
    }
    if (process.stderr.isTTY && progress)
      process.stderr.write(`\r${name}: ${progress.done} of ${progress.total} answers   `);
    await sleep(LOOK_MS);
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.max(1, Math.ceil(items.length / size));
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function noData(path: string): AppError {
  return new AppError({
    kind: 'notFound',
    code: 'no_data',
    message: `there is no ${path}: --data names a folder with a train.jsonl and a test.jsonl for each task`,
  });
}
