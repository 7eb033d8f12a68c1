import { AppError } from '@prad/errors';

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && codes.includes(code);
}

/** The error of a failed write in the terms of the store's port; what is no error of the file system stays as it is. */
export function storageError(what: string, root: string, error: unknown): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new AppError({
      kind: 'exhausted',
      code: 'disk_full',
      message: `cannot ${what}: the disk of ${root} is full; nothing was written`,
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EIO')) {
    return new AppError({
      kind: 'unavailable',
      code: 'storage_unavailable',
      message: `cannot ${what}: ${(error as Error).message}`,
      cause: error,
    });
  }
  return error;
}
