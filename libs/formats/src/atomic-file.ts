import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '@prad/errors';
import { reasonOf, systemCode } from './invalid.js';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a failed write means: a full disk is `exhausted`, an AppError stays, the rest is `unavailable`. */
export function writeError(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = systemCode(cause);
  if (code !== undefined && FULL.has(code)) {
    return new AppError({
      kind: 'exhausted',
      code: 'disk_full',
      message: `${path}: not written, the disk is full (${code})`,
      cause,
    });
  }
  return new AppError({
    kind: 'unavailable',
    code: 'file_unwritable',
    message: `${path}: cannot be written: ${reasonOf(cause)}`,
    cause,
  });
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed. On any
 * failure the temporary file is removed and an older file of that name stays as it was.
 * @throws AppError exhausted when the disk is full, unavailable when the folder cannot be written.
 */
export async function writeAtomically<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    let result: T;
    try {
      result = await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return result;
  } catch (cause) {
    await rm(temporary, { force: true });
    throw writeError(path, cause);
  }
}

/** Makes the rename itself survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
