import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalBlobStore } from './local-blob-store.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let root: string;
let outside: string;
let store: LocalBlobStore;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'prad-blob-'));
  root = join(outside, 'store');
  store = new LocalBlobStore(root);
});
afterEach(() => rm(outside, { recursive: true, force: true }));

async function text(key: string): Promise<string> {
  return (await buffer(await store.get(key))).toString();
}

async function listed(prefix: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const blob of store.list(prefix)) found.push(blob);
  return found;
}

async function* failing(code: string): AsyncGenerator<Uint8Array> {
  yield bytes('half');
  await Promise.resolve();
  throw Object.assign(new Error(`write failed: ${code}`), { code });
}

describe('LocalBlobStore', () => {
  it('returns size and digest of bytes and of a stream, and gives the same bytes back', async () => {
    const written = await store.put('files/a.jsonl', bytes('hello'));
    expect(written).toEqual({ key: 'files/a.jsonl', bytes: 5, sha256: sha256('hello') });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield bytes('hel');
      await Promise.resolve();
      yield bytes('lo');
    }
    expect(await store.put('files/b', chunks())).toEqual({ ...written, key: 'files/b' });
    expect(await text('files/b')).toBe('hello');
    expect((await buffer(await store.get('files/a.jsonl', { start: 1, end: 3 }))).toString()).toBe('ell');
  });

  it('replaces a blob, deletes it, and says what is missing', async () => {
    await store.put('k', bytes('old'));
    await store.put('k', bytes('new'));
    expect(await text('k')).toBe('new');
    await store.delete('k');
    await store.delete('k');
    expect(await store.exists('k')).toBe(false);
    await expect(store.get('k')).rejects.toMatchObject({ kind: 'notFound', code: 'blob_not_found' });
    await expect(store.localPath('k')).rejects.toMatchObject({ code: 'blob_not_found' });
  });

  it.each([
    '',
    '/etc/passwd',
    '../up',
    'a/../../b',
    'a//b',
    'a/',
    '.drafts/x',
    'a\\b',
    'a\0b',
    'x'.repeat(600),
  ])('refuses the key %j', async (key) => {
    await expect(store.put(key, bytes('x'))).rejects.toMatchObject({ code: 'bad_blob_key' });
    await expect(store.get(key)).rejects.toMatchObject({ code: 'bad_blob_key' });
    await expect(store.delete(key)).rejects.toMatchObject({ code: 'bad_blob_key' });
    expect(await readdir(outside)).not.toContain('up');
  });

  it('leaves the old blob and no draft behind when the disk fills up half-way', async () => {
    await store.put('k', bytes('old'));
    await expect(store.put('k', failing('ENOSPC'))).rejects.toMatchObject({
      kind: 'exhausted',
      code: 'disk_full',
    });
    await expect(store.put('new', failing('ENOSPC'))).rejects.toMatchObject({ code: 'disk_full' });
    expect(await text('k')).toBe('old');
    expect(await listed('')).toEqual([{ key: 'k', bytes: 3 }]);
    expect(await readdir(join(root, '.drafts'))).toEqual([]);
  });

  it('passes on an error of the source as it is', async () => {
    await expect(store.put('k', failing('EWHATEVER'))).rejects.toThrow('write failed: EWHATEVER');
    expect(await store.exists('k')).toBe(false);
  });

  it('copies or moves a file in', async () => {
    const path = join(outside, 'file');
    await writeFile(path, 'content');
    expect(await store.putFile('copied', path, 'copy')).toMatchObject({
      bytes: 7,
      sha256: sha256('content'),
    });
    expect(await readFile(path, 'utf8')).toBe('content');
    expect(await store.putFile('moved', path, 'move')).toMatchObject({ bytes: 7, sha256: sha256('content') });
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await readFile(await store.localPath('moved'), 'utf8')).toBe('content');
  });

  it('moves a folder in, replaces it, lists it and deletes it as one', async () => {
    const blobs = await store.withScratch(async (folder) => {
      const model = join(folder, 'model');
      await mkdir(join(model, 'sub'), { recursive: true });
      await writeFile(join(model, 'config.json'), '{}');
      await writeFile(join(model, 'sub', 'weights'), 'w');
      return store.putFolder('models/m', model);
    });
    expect(blobs.map(({ key }) => key)).toEqual(['models/m/config.json', 'models/m/sub/weights']);
    expect(await readdir(await store.localPath('models/m'))).toEqual(['config.json', 'sub']);
    await store.withScratch(async (folder) => {
      await writeFile(join(folder, 'config.json'), '{"a":1}');
      await store.putFolder('models/m', folder);
    });
    expect(await listed('models')).toEqual([{ key: 'models/m/config.json', bytes: 7 }]);
    expect(await listed('models/m/config.json')).toEqual([{ key: 'models/m/config.json', bytes: 7 }]);
    await store.delete('models/m');
    expect(await listed('')).toEqual([]);
  });

  it('keeps one of several concurrent writes whole', async () => {
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(contents.map((content) => store.put('k', bytes(content))));
    expect(contents).toContain(await text('k'));
  });
});
