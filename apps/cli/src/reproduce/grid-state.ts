import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@prad/errors';
import { z } from 'zod';
import type { GridSettings } from './grid.js';

const ids = z.record(z.string(), z.string());

const stateSchema = z.strictObject({
  settings: z.string(),
  /** File ids by `task/split`, job ids by cell, evaluation ids by `task/part`. */
  files: ids,
  jobs: ids,
  evaluations: ids,
});

type Kind = 'files' | 'jobs' | 'evaluations';

/** What was submitted already, in a file of the result's folder: a grid that is run again goes on. */
export class GridState {
  private constructor(
    private readonly path: string,
    private readonly contents: z.infer<typeof stateSchema>,
  ) {}

  /** Throws conflict `other_grid` where the folder holds a grid of other settings. */
  static async open(folder: string, settings: GridSettings & { readonly data: string }): Promise<GridState> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'reproduce.json');
    const wanted = JSON.stringify(settings);
    const found = await readState(path);
    if (found && found.settings !== wanted) throw otherGrid(path);
    return new GridState(path, found ?? { settings: wanted, files: {}, jobs: {}, evaluations: {} });
  }

  get(kind: Kind, name: string): string | undefined {
    return this.contents[kind][name];
  }

  /** The id that was kept, or that of what `submit` makes, which is then kept. */
  async once(kind: Kind, name: string, submit: () => Promise<string>): Promise<string> {
    const known = this.get(kind, name);
    if (known !== undefined) return known;
    const id = await submit();
    this.contents[kind][name] = id;
    await this.#write();
    return id;
  }

  /** Has the thing made again the next time, for example a job that failed. */
  async forget(kind: Kind, name: string): Promise<void> {
    this.contents[kind] = Object.fromEntries(
      Object.entries(this.contents[kind]).filter(([key]) => key !== name),
    );
    await this.#write();
  }

  /** A new file takes the place of the old one in one move. */
  async #write(): Promise<void> {
    const next = `${this.path}.tmp`;
    await writeFile(next, `${JSON.stringify(this.contents, undefined, 2)}\n`);
    await rename(next, this.path);
  }
}

async function readState(path: string): Promise<z.infer<typeof stateSchema> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError({
      kind: 'invalid',
      code: 'broken_grid_state',
      message: `${path} is not the state of a grid: move it away to begin anew`,
      cause,
    });
  }
}

function otherGrid(path: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'other_grid',
    message: `${path} is of a grid with other settings: name another folder with --out`,
  });
}
