import { placesTask } from './places.js';
import { reviewsTask } from './reviews.js';
import { taskRows, toJsonLines, type BundledTask } from './task-rows.js';

export const BUNDLED_TASKS: readonly BundledTask[] = [placesTask, reviewsTask];

/** Path (relative to the tasks' folder) and content of every file of the bundled tasks. */
export function taskFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const task of BUNDLED_TASKS) {
    for (const [split, rows] of Object.entries(taskRows(task))) {
      files.set(`${task.name}/${split}.jsonl`, toJsonLines(rows));
    }
  }
  return files;
}
