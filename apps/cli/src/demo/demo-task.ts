import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { bundled } from '../repository-root.js';

/** How one bundled task is trained and judged. */
export interface DemoTask {
  readonly name: 'places' | 'reviews';
  /** What its measure is called; both count answers that are right to the letter. */
  readonly measure: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly rank: number;
  /** Room for the longest answer. */
  readonly maxTokens: number;
  /** Least share of right answers of the adapter, and by how much it must beat the base's. */
  readonly threshold: { readonly adapter: number; readonly gain: number };
}

export const demoTasks: readonly DemoTask[] = [
  {
    name: 'places',
    measure: 'exact match',
    ...{ epochs: 4, batchSize: 32, learningRate: 5e-3, rank: 32, maxTokens: 64 },
    threshold: { adapter: 0.5, gain: 0.4 },
  },
  {
    name: 'reviews',
    measure: 'accuracy',
    ...{ epochs: 4, batchSize: 32, learningRate: 5e-3, rank: 32, maxTokens: 8 },
    threshold: { adapter: 0.85, gain: 0.3 },
  },
];

const row = z.object({ prompt: z.string(), completion: z.string() });
export type TaskRow = z.infer<typeof row>;

export function taskFile({ name }: DemoTask, split: 'train' | 'validation' | 'test'): string {
  return bundled('tasks', name, `${split}.jsonl`);
}

export async function testRows(task: DemoTask): Promise<readonly TaskRow[]> {
  const rows: TaskRow[] = [];
  for await (const line of createInterface({ input: createReadStream(taskFile(task, 'test')) })) {
    if (line !== '') rows.push(row.parse(JSON.parse(line)));
  }
  return rows;
}

/** Whether an answer is right: equal but for the spaces around it. */
export function isRight(answer: string, { completion }: TaskRow): boolean {
  return answer.trim() === completion.trim();
}
