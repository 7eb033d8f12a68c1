import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '@prad/errors';
import { invalid, reasonOf, systemCode } from './invalid.js';

/** Random access to immutable bytes: a file, or a buffer in memory. */
export interface ByteSource {
  /** What errors call it: a path, or `bytes`. */
  readonly name: string;
  readonly size: number;
  /** A fresh buffer of exactly `length` bytes. @throws AppError invalid when they are not all there. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

// Node refuses single reads of 2 GiB and more.
const LARGEST_READ = 1 << 30;

class FileSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (offset < 0 || length < 0 || offset + length > this.size) throw truncated(this, offset, length);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const wanted = Math.min(LARGEST_READ, length - filled);
      const { bytesRead } = await this.handle.read(bytes, filled, wanted, offset + filled);
      if (bytesRead === 0) throw truncated(this, offset, length);
      filled += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

class MemorySource implements ByteSource {
  readonly size: number;

  constructor(
    private readonly bytes: Uint8Array,
    readonly name: string,
  ) {
    this.size = bytes.byteLength;
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (offset < 0 || length < 0 || offset + length > this.size) {
      return Promise.reject(truncated(this, offset, length));
    }
    return Promise.resolve(new Uint8Array(this.bytes.subarray(offset, offset + length)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function truncated(source: ByteSource, offset: number, length: number): AppError {
  return invalid(
    'file_truncated',
    `${source.name}: expected ${length} bytes at ${offset}, but the file ends at ${source.size}`,
    { offset, length, size: source.size },
  );
}

/** Opens a regular file for random reads. @throws AppError notFound, or invalid for a folder or device. */
export async function openFile(path: string): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw openError(path, cause);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw invalid('not_a_file', `${path}: expected a file`);
    return new FileSource(path, stats.size, handle);
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

/** Bytes already in memory, read the same way as a file. */
export function bytesSource(bytes: Uint8Array, name = 'bytes'): ByteSource {
  return new MemorySource(bytes, name);
}

/** The error of a path that cannot be opened or listed. */
export function openError(path: string, cause: unknown): AppError {
  const code = systemCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AppError({
      kind: 'notFound',
      code: 'file_not_found',
      message: `${path}: no such file`,
      cause,
    });
  }
  return new AppError({
    kind: 'unavailable',
    code: 'file_unreadable',
    message: `${path}: cannot be read: ${reasonOf(cause)}`,
    cause,
  });
}
