import { AppError, type ErrorKind } from '@prad/errors';

interface Diagnosis {
  readonly pattern: RegExp;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

const diagnoses: readonly Diagnosis[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|ENOSPC/i,
    kind: 'exhausted',
    code: 'disk_full',
    reason: 'the disk is full',
    hint: 'free some space',
  },
  {
    pattern: /could not bind|Address already in use|could not create any TCP\/IP sockets/i,
    kind: 'conflict',
    code: 'port_in_use',
    reason: 'its port is taken',
    hint: 'leave the port out to have a free one chosen',
  },
  {
    pattern: /could not look up effective user ID/i,
    kind: 'unavailable',
    code: 'postgres_user_unknown',
    reason: 'the user id of this process has no entry in /etc/passwd',
    hint: 'add one',
  },
  {
    pattern: /database files are incompatible with server|not compatible with this version/i,
    kind: 'conflict',
    code: 'postgres_version_mismatch',
    reason: 'its data folder was made by another version of PostgreSQL',
    hint: 'move the folder away or dump and restore it with that version',
  },
  {
    pattern: /Read-only file system|EROFS/i,
    kind: 'unavailable',
    code: 'read_only_folder',
    reason: 'its folder is on a read-only file system',
    hint: 'set PRAD_DATA_DIR to a folder that can be written',
  },
  {
    pattern: /Permission denied|Operation not permitted|EACCES|EPERM/i,
    kind: 'unavailable',
    code: 'permission_denied',
    reason: 'a file or folder may not be used by the database user',
    hint: 'set PRAD_DATA_DIR to a folder that this user owns',
  },
  {
    pattern: /ENOENT|error while loading shared libraries|GLIBC/i,
    kind: 'unavailable',
    code: 'postgres_not_executable',
    reason: 'its binaries do not run on this system',
    hint: 'they need glibc and an `npm ci` that ran install scripts',
  },
];

const OTHERWISE = 'or set DATABASE_URL to a PostgreSQL server of your own';

/** The one sentence for what PostgreSQL or the operating system said: which part failed, why, and what to do. */
export function explainFailure(what: string, output: string, cause?: unknown): AppError {
  const known = diagnoses.find(({ pattern }) => pattern.test(output));
  if (known === undefined) {
    const line = lastTelling(output);
    const message = `the embedded PostgreSQL ${what} failed (${line}): read its log, ${OTHERWISE}`;
    return new AppError({
      kind: 'unavailable',
      code: 'postgres_failed',
      message,
      details: { output },
      cause,
    });
  }
  const { kind, code, reason, hint } = known;
  return new AppError({
    kind,
    code,
    message: `the embedded PostgreSQL ${what} failed because ${reason}: ${hint}, ${OTHERWISE}`,
    details: { hint, output },
    cause,
  });
}

function lastTelling(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => /FATAL|PANIC|error:/i.test(line));
  return (telling ?? lines.at(-1) ?? 'no output').trim();
}

/** The error's text with its code, as {@link explainFailure} reads it. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
