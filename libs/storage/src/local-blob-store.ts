import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '@prad/errors';
import { checkedKey } from './blob-key.js';
import { BlobStore, type Blob, type ByteRange, type ListedBlob } from './blob-store.js';
import { hasCode, storageError } from './storage-error.js';
import { syncFolder, syncTree } from './sync.js';

/** Keys cannot begin with a dot, so drafts are neither listed nor overwritten. */
const DRAFTS = '.drafts';

/** Blobs as files below a folder. A draft is written and synced first, then renamed to its place. */
export class LocalBlobStore extends BlobStore {
  private readonly root: string;

  constructor(root: string) {
    super();
    this.root = resolve(root);
  }

  async put(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<Blob> {
    const target = this.pathOf(key);
    return this.guarded(`write blob ${key}`, () =>
      this.withScratch(async (scratch) => {
        const draft = join(scratch, 'blob');
        const facts = await writeSynced(draft, content instanceof Uint8Array ? [content] : content);
        await this.place(draft, target);
        return { key, ...facts };
      }),
    );
  }

  async putFile(key: string, path: string, how: 'copy' | 'move'): Promise<Blob> {
    const blob = await this.guarded(`write blob ${key}`, async () => {
      if (how === 'copy') return this.put(key, createReadStream(path));
      const target = this.pathOf(key);
      const facts = await digestSynced(path);
      const moved = await this.place(path, target).then(
        () => true,
        (error: unknown) => {
          if (hasCode(error, 'EXDEV')) return false;
          throw error;
        },
      );
      return moved ? { key, ...facts } : this.put(key, createReadStream(path));
    });
    if (how === 'move') await rm(path, { force: true });
    return blob;
  }

  async putFolder(key: string, path: string): Promise<readonly Blob[]> {
    const target = this.pathOf(key);
    return this.guarded(`write folder ${key}`, async () => {
      const names = await fileNames(path);
      names.forEach((name) => checkedKey(`${key}/${name}`));
      const blobs: Blob[] = [];
      for (const name of names) {
        blobs.push({ key: `${key}/${name}`, ...(await digestSynced(join(path, name))) });
      }
      await this.withScratch(async (scratch) => {
        const draft = join(scratch, 'new');
        await rename(path, draft).catch(async (error: unknown) => {
          if (!hasCode(error, 'EXDEV')) throw error;
          await cp(path, draft, { recursive: true });
        });
        await syncTree(draft);
        // A folder cannot be renamed over another, so the old one steps aside into the drafts first.
        await rename(target, join(scratch, 'old')).catch((error: unknown) => {
          if (!hasCode(error, 'ENOENT')) throw error;
        });
        await this.place(draft, target);
      });
      await rm(path, { recursive: true, force: true });
      return blobs;
    });
  }

  async get(key: string, range: ByteRange = {}): Promise<Readable> {
    const path = await this.found(key);
    const { start, end } = range;
    return createReadStream(path, {
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    });
  }

  localPath(key: string): Promise<string> {
    return this.found(key);
  }

  async exists(key: string): Promise<boolean> {
    return (await stat(this.pathOf(key)).catch(() => undefined)) !== undefined;
  }

  async delete(key: string): Promise<void> {
    await this.guarded(`delete blob ${key}`, () => rm(this.pathOf(key), { recursive: true, force: true }));
  }

  async *list(prefix: string): AsyncGenerator<ListedBlob> {
    const path = prefix === '' ? this.root : this.pathOf(prefix);
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isFile() === true) yield { key: prefix, bytes: facts.size };
    if (facts?.isDirectory() !== true) return;
    for (const name of await fileNames(path)) {
      const found = await stat(join(path, name)).catch(() => undefined);
      const key = prefix === '' ? name : `${prefix}/${name}`;
      if (found !== undefined) yield { key, bytes: found.size };
    }
  }

  async withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const scratch = join(this.root, DRAFTS, randomBytes(12).toString('hex'));
    await this.guarded('make a draft folder', () => mkdir(scratch, { recursive: true }));
    try {
      return await use(scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  private pathOf(key: string): string {
    return join(this.root, checkedKey(key));
  }

  private async found(key: string): Promise<string> {
    const path = this.pathOf(key);
    if ((await stat(path).catch(() => undefined)) !== undefined) return path;
    throw new AppError({
      kind: 'notFound',
      code: 'blob_not_found',
      message: `there is no blob ${key} in ${this.root}`,
      details: { key },
    });
  }

  /** Renames within the file system and makes the new name durable. */
  private async place(draft: string, target: string): Promise<void> {
    await mkdir(dirname(target), { recursive: true });
    await rename(draft, target);
    await syncFolder(dirname(target));
  }

  private async guarded<T>(what: string, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      throw storageError(what, this.root, error);
    }
  }
}

/** Names of all files below the folder relative to it, with `/`, in order; drafts are left out. */
async function fileNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = files.map((file) => file.slice(folder.length + 1).replaceAll('\\', '/'));
  return names.filter((name) => !name.startsWith(`${DRAFTS}/`)).sort();
}

async function writeSynced(
  path: string,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Pick<Blob, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function digestSynced(path: string): Promise<Pick<Blob, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    let bytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).byteLength;
    }
    await file.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
