import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Folders that other users can enter but not write, best first: a persistent one for root, then temporary ones.
 * The user's id is in the name of a temporary one, since all users make theirs side by side.
 */
export function openFolders(): readonly string[] {
  const uid = process.getuid?.() ?? 0;
  const temporary = ['/var/tmp', tmpdir()].map((folder) => join(folder, `prad-${String(uid)}`));
  return uid === 0 ? ['/var/lib/prad', ...temporary] : temporary;
}

/** Makes the folder, or checks one that is there: it must be ours, and no link, and nobody else may write it. */
export async function ownOpenFolder(path: string): Promise<boolean> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o755 });
    if (made !== undefined) await chmod(path, 0o755);
    const facts = await lstat(path);
    const ours = facts.uid === (process.getuid?.() ?? facts.uid);
    return facts.isDirectory() && ours && (facts.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
