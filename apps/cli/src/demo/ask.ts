import type { Completion } from '@prad/contracts';
import type { ApiClient } from '../api/api-client.js';
import { isRight, testRows, type DemoTask, type TaskRow } from './demo-task.js';
import type { TrainedTask } from './train-tasks.js';

/** A held-out row and what both models answered to it. */
export interface AnsweredRow {
  readonly task: DemoTask;
  readonly row: TaskRow;
  readonly base: string;
  readonly adapter: string;
}

/** The answers of one mixed batch, and how mixed it was. */
export interface MixedAnswers {
  readonly rows: readonly AnsweredRow[];
  /** Most rows, and most different adapters, that shared one step. */
  readonly maxRows: number;
  readonly maxAdapters: number;
}

/** Sends the first rows of every task's test set to the base and to the adapter, all at once. */
export async function askMixed(
  client: ApiClient,
  base: string,
  trained: readonly TrainedTask[],
  rowsOfATask: number,
): Promise<MixedAnswers> {
  const batches: NonNullable<Completion['prad']['batch']>[] = [];
  const ask = async (model: string, task: DemoTask, { prompt }: TaskRow): Promise<string> => {
    const { choices, prad } = await client.complete(requestOf(model, task, prompt));
    if (prad.batch !== null) batches.push(prad.batch);
    return choices[0]?.text ?? '';
  };
  const answering = trained.map(async ({ task, adapter }) => {
    const rows = (await testRows(task)).slice(0, rowsOfATask);
    return Promise.all(
      rows.map(async (row) => {
        const [fromBase, fromAdapter] = await Promise.all([ask(base, task, row), ask(adapter, task, row)]);
        return { task, row, base: fromBase, adapter: fromAdapter };
      }),
    );
  });
  const rows = (await Promise.all(answering)).flat();
  const most = (what: 'max_rows' | 'max_adapters') => Math.max(0, ...batches.map((batch) => batch[what]));
  return { rows, maxRows: most('max_rows'), maxAdapters: most('max_adapters') };
}

/** Share of right answers, 0 to 1, on a task's whole test set. */
export async function scoreOf(client: ApiClient, model: string, task: DemoTask): Promise<number> {
  const rows = await testRows(task);
  const { choices } = await client.complete(
    requestOf(
      model,
      task,
      rows.map(({ prompt }) => prompt),
    ),
  );
  const right = rows.filter((row, index) => isRight(choices[index]?.text ?? '', row));
  return right.length / rows.length;
}

function requestOf(model: string, { maxTokens }: DemoTask, prompt: string | string[]) {
  return { model, prompt, max_tokens: maxTokens, temperature: 0, stop: ['\n'] };
}
