import { AppError } from '@prad/errors';
import type { HostTensor } from '@prad/tensor';
import { bytesSource, openFile, type ByteSource } from '../byte-source.js';
import { toFloat32, toHostTensor } from './dtype.js';
import { readHeader, type SafetensorsEntry, type SafetensorsHeader } from './header.js';

/** An open safetensors file. Tensors are read when asked for, one at a time; nothing is kept. */
export class SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly dataOffset: number;

  constructor(
    private readonly source: ByteSource,
    header: SafetensorsHeader,
  ) {
    this.metadata = header.metadata;
    this.tensors = header.tensors;
    this.dataOffset = header.dataOffset;
  }

  /** The tensor in its own dtype (BF16 and F64 as float32). @throws AppError notFound, or invalid. */
  async read(name: string): Promise<HostTensor> {
    const entry = this.entry(name);
    return toHostTensor(entry.dtype, entry.shape, await this.bytes(entry), this.where(name));
  }

  /** The values as float32, row major. @throws AppError notFound, or invalid when they are not floats. */
  async readFloat32(name: string): Promise<Float32Array> {
    const entry = this.entry(name);
    return toFloat32(entry.dtype, await this.bytes(entry), this.where(name));
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private entry(name: string): SafetensorsEntry {
    const entry = this.tensors.get(name);
    if (entry !== undefined) return entry;
    throw new AppError({
      kind: 'notFound',
      code: 'tensor_not_found',
      message: `${this.source.name} has no tensor ${JSON.stringify(name)}`,
      details: { tensor: name },
    });
  }

  private bytes(entry: SafetensorsEntry): Promise<Uint8Array<ArrayBuffer>> {
    return this.source.read(entry.byteOffset, entry.byteLength);
  }

  private where(name: string): string {
    return `${this.source.name}: tensor ${JSON.stringify(name)}`;
  }
}

async function fromSource(source: ByteSource): Promise<SafetensorsFile> {
  try {
    return new SafetensorsFile(source, await readHeader(source));
  } catch (cause) {
    await source.close();
    throw cause;
  }
}

/** Opens a file and checks its header. The caller closes it. @throws AppError notFound or invalid. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return fromSource(await openFile(path));
}

/** Reads a whole safetensors file that is already in memory, such as an adapter; `name` is for errors. @throws AppError invalid. */
export async function decodeSafetensors(
  bytes: Uint8Array,
  name?: string,
): Promise<{ metadata: Readonly<Record<string, string>>; tensors: Map<string, HostTensor> }> {
  const file = await fromSource(bytesSource(bytes, name));
  const tensors = new Map<string, HostTensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  return { metadata: file.metadata, tensors };
}
