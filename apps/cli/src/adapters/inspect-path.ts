import { stat } from 'node:fs/promises';
import {
  decodeAdapter,
  decodeAdapterFolder,
  inspectArtefact,
  inspectFolder,
  type AdapterFacts,
} from '@prad/adapter-files';
import { readAdapterFile, readFolder } from './adapter-folder.js';

/** The facts of an artefact's file or of a folder in PEFT's layout. Throws notFound or invalid. */
export async function inspectPath(path: string): Promise<AdapterFacts> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return inspectFolder(await decodeAdapterFolder(await readFolder(path)));
  return inspectArtefact(await decodeAdapter(await readAdapterFile(path), path));
}
