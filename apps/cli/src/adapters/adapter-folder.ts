import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterFolder, type AdapterFolderBytes } from '@prad/adapter-files';
import { AppError } from '@prad/errors';

/** Both files of an adapter's folder. Throws notFound `unreadable_adapter`, naming the path. */
export async function readFolder(folder: string): Promise<AdapterFolderBytes> {
  return {
    config: await readAdapterFile(join(folder, adapterFolder.config)),
    weights: await readAdapterFile(join(folder, adapterFolder.weights)),
  };
}

/** Makes the folder where it is missing; its paths. */
export async function writeFolder(
  folder: string,
  { config, weights }: AdapterFolderBytes,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths = [join(folder, adapterFolder.config), join(folder, adapterFolder.weights)] as const;
  await writeFile(paths[0], config);
  await writeFile(paths[1], weights);
  return paths;
}

export async function readAdapterFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new AppError({
      kind: 'notFound',
      code: 'unreadable_adapter',
      message: `${path} cannot be read: ${cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)}`,
      cause,
    });
  }
}
