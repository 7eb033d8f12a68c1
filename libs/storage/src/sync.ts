import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a folder's names durable; some systems cannot and then do not need to. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  try {
    await folder?.sync().catch(() => undefined);
  } finally {
    await folder?.close();
  }
}

/** Makes a folder with all its files durable. */
export async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    await syncFolder(join(entry.parentPath, entry.name));
  }
  await syncFolder(path);
}
