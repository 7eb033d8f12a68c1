import { constants } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from './base-model.js';
import { pathIn, type Manifest } from './base-model-folder.js';

/**
 * Copies into a model folder the quantised copies that another folder of the same model has and it lacks, so that a
 * later import of the same model under another name, which takes the folder's place, loses none of them.
 * @returns the folder's manifest as it is then.
 */
export async function adoptQuantised(folder: string, from: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const missing = (await readManifest(from)).quantised.filter(
    ({ kind }) => !manifest.quantised.some((copy) => copy.kind === kind),
  );
  if (missing.length === 0) return manifest;
  for (const { file } of missing) {
    await copyFile(join(from, file), join(folder, file), constants.COPYFILE_FICLONE);
  }
  const quantised = [...manifest.quantised, ...missing].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const whole = { ...manifest, quantised };
  await writeFile(pathIn(folder, 'manifest'), `${JSON.stringify(whole)}\n`);
  return whole;
}
