import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeAtomically, writeError } from './atomic-file.js';
import { errorOf } from '../testing/outcome.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const at = temporaryFolder();

describe('writeAtomically', () => {
  it('leaves the old file and no other one when writing fails', async () => {
    await mkdir(at('kept'));
    await writeFile(at('kept', 'model'), 'old');
    const failure = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const error = await errorOf(() =>
      writeAtomically(at('kept', 'model'), async (file) => {
        await file.write('half');
        throw failure;
      }),
    );
    expect(error).toMatchObject({ kind: 'exhausted', code: 'disk_full', cause: failure });
    expect(error.message).toMatch(/model: not written, the disk is full/);
    expect(await readdir(at('kept'))).toEqual(['model']);
    expect(await readFile(at('kept', 'model'), 'utf8')).toBe('old');
  });

  it('replaces the old file at once', async () => {
    await writeFile(at('replaced'), 'old');
    await writeAtomically(at('replaced'), (file) => file.write('new'));
    expect(await readFile(at('replaced'), 'utf8')).toBe('new');
  });

  it('says so when the folder does not exist', async () => {
    const error = await errorOf(() => writeAtomically(at('none', 'file'), () => Promise.resolve()));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'file_unwritable' });
  });

  it('lets an AppError through as it is', () => {
    const first = writeError('x', new Error('y'));
    expect(writeError('x', first)).toBe(first);
  });
});
