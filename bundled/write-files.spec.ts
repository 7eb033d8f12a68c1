import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentAt } from './world/documents.js';
import { TRAINING_SEED } from './prad-tiny/pretraining.js';
import { BUNDLED_TASKS } from './tasks/bundled-tasks.js';
import { taskRows } from './tasks/task-rows.js';
import { bundledFiles } from './write-files.js';

describe('bundledFiles', () => {
  it('remakes the committed files byte for byte', () => {
    const files = bundledFiles();
    expect(files.size).toBe(9);
    for (const [path, content] of files) {
      expect(readFileSync(`${import.meta.dirname}/${path}`, 'utf8') === content, path).toBe(true);
    }
  });
});

describe.each(BUNDLED_TASKS.map((task) => ({ name: task.name, task })))('task $name', ({ task }) => {
  const rows = taskRows(task);

  it('has its sizes, and no prompt twice', () => {
    expect(rows.train).toHaveLength(task.sizes.train);
    const prompts = Object.values(rows).flatMap((split) => split.map((row) => row.prompt));
    expect(new Set(prompts).size).toBe(prompts.length);
  });

  it('shows no held-out prompt in the text of pretraining', () => {
    const text = Array.from({ length: 5000 }, (_, i) => documentAt(TRAINING_SEED, i)).join('\n');
    for (const row of [...rows.validation, ...rows.test])
      expect(text.includes(row.prompt.replace(' ->', ''))).toBe(false);
  });
});

it('asks for both sentiments equally often', () => {
  const reviews = BUNDLED_TASKS.find((task) => task.name === 'reviews');
  if (reviews === undefined) throw new Error('there is no task "reviews"');
  for (const rows of Object.values(taskRows(reviews))) {
    expect(rows.filter((row) => row.completion === ' positive')).toHaveLength(rows.length / 2);
  }
});
