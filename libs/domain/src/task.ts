import type { JsonObject } from './json.js';

/** A task that a project has defined: what the rows of its files are, beside the tasks that are built in. */
export interface Task {
  readonly project: string;
  /** Unique within the project. */
  readonly name: string;
  /** Templates, metrics and decoding. It never changes, so that whoever was asked with it can keep a copy. */
  readonly definition: JsonObject;
  readonly createdAt: Date;
}

export type NewTask = Omit<Task, 'createdAt'>;
