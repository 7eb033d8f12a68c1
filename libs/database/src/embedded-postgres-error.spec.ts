import { describe, expect, it } from 'vitest';
import { explainFailure } from './embedded-postgres-error.js';

describe('explainFailure', () => {
  it.each([
    ['FATAL:  could not write to file "x": No space left on device', 'exhausted', 'disk_full'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'conflict', 'port_in_use'],
    [
      'initdb: error: could not look up effective user ID 1234: user does not exist',
      'unavailable',
      'postgres_user_unknown',
    ],
    ['FATAL:  database files are incompatible with server', 'conflict', 'postgres_version_mismatch'],
    ['EROFS: read-only file system, mkdir', 'unavailable', 'read_only_folder'],
    ['initdb: error: could not access directory "x": Permission denied', 'unavailable', 'permission_denied'],
    ['spawn /x/postgres ENOENT', 'unavailable', 'postgres_not_executable'],
    [
      'postgres: error while loading shared libraries: libicuuc.so.60',
      'unavailable',
      'postgres_not_executable',
    ],
  ])('knows %j', (output, kind, code) => {
    const error = explainFailure('start', output);
    expect(error).toMatchObject({ kind, code });
    expect(error.message).toMatch(
      /^the embedded PostgreSQL start failed because .+: .+, or set DATABASE_URL .+/,
    );
    expect(error.message).not.toContain('\n');
  });

  it('quotes the telling line of what it does not know', () => {
    const error = explainFailure('start', 'LOG: a\nFATAL:  something odd\nLOG: shut down\n');
    expect(error.code).toBe('postgres_failed');
    expect(error.message).toContain('FATAL:  something odd');
  });
});
