/** Whose files, jobs and adapters: every one of them belongs to one project. Base models are shared by all. */
export interface Project {
  /** The project's public name. */
  readonly id: string;
  readonly createdAt: Date;
}

/** The project of every request where there are no keys, and of the keys in the environment. */
export const DEFAULT_PROJECT = 'default';

/** True for names that a project may have: lower-case words of at most 63 characters. */
export function isProjectName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name);
}
