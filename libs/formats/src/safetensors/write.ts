import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '@prad/errors';
import { writeAtomically } from '../atomic-file.js';
import type { SafetensorsEntry } from './header.js';
import { layOut, type SafetensorsDeclaration, type SafetensorsOrder } from './layout.js';

/** One tensor to write; `read` is called once, when its turn comes, and its result is not kept. */
export interface SafetensorsSource extends SafetensorsDeclaration {
  readonly read: () => Promise<ArrayBufferView>;
}

export interface SafetensorsWritten {
  /** Hex digest of the whole file. */
  readonly sha256: string;
  readonly byteLength: number;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

export interface SafetensorsWriteOptions {
  /** The data begin at a multiple of this many bytes (default 8; 4096 for files that ONNX graphs map). */
  readonly align?: number;
  /** `name` by default. */
  readonly order?: SafetensorsOrder;
}

/** Written and hashed in pieces, so that a large tensor does not hold up the event loop. */
const PIECE = 4 << 20;

/**
 * Writes tensors, one in memory at a time, whole or not at all (see `writeAtomically`).
 * @throws AppError bug when a source gives another number of bytes than its shape needs; exhausted on a full disk.
 */
export async function writeSafetensors(
  path: string,
  sources: readonly SafetensorsSource[],
  metadata: Readonly<Record<string, string>> = {},
  options: SafetensorsWriteOptions = {},
): Promise<SafetensorsWritten> {
  const { header, entries, byteLength } = layOut(sources, metadata, options.align ?? 8, options.order);
  const byName = new Map(sources.map((source) => [source.name, source]));
  const hash = createHash('sha256');
  await writeAtomically(path, async (file) => {
    await append(file, hash, header);
    for (const entry of entries) {
      const data = await byName.get(entry.name)?.read();
      if (data?.byteLength !== entry.byteLength) throw wrongLength(entry, data?.byteLength ?? 0);
      await append(file, hash, data);
    }
  });
  return {
    sha256: hash.digest('hex'),
    byteLength,
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
  };
}

async function append(file: FileHandle, hash: Hash, view: ArrayBufferView): Promise<void> {
  for (let offset = 0; offset < view.byteLength; offset += PIECE) {
    const length = Math.min(PIECE, view.byteLength - offset);
    const piece = new Uint8Array(view.buffer, view.byteOffset + offset, length);
    hash.update(piece);
    let written = 0;
    while (written < length) written += (await file.write(piece, written, length - written)).bytesWritten;
  }
}

function wrongLength(entry: SafetensorsEntry, got: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'safetensors_length',
    message: `tensor ${JSON.stringify(entry.name)} of ${entry.dtype} [${entry.shape.join(', ')}] needs ${entry.byteLength} bytes, its source gave ${got}`,
  });
}
