import { readFile } from 'node:fs/promises';
import type { BaseLayout } from '@prad/adapter-files';
import { architectureFor } from '@prad/nn';
import { pathIn } from './base-model-folder.js';
import { layoutOf } from './layout-of.js';

/** The layout of an imported model, from its config.json alone. @throws AppError invalid, or what reading throws. */
export async function readLayout(folder: string): Promise<BaseLayout> {
  return layoutOf(architectureFor(JSON.parse(await readFile(pathIn(folder, 'config'), 'utf8'))));
}
