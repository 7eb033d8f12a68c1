import { resolve } from 'node:path';
import { AppError } from '@prad/errors';
import { gguf, type GGUFTensorInfo } from '@huggingface/gguf';
import type { Shape } from '@prad/tensor';
import type { ByteSource } from '../byte-source.js';
import { invalid, reasonOf } from '../invalid.js';
import type { BlockType } from './block-type.js';
import { blockTypeName, blockTypes } from './block-types.js';
import { metadataByteLength, type TypedValue } from './metadata-byte-length.js';
import { GgufMetadata } from './metadata.js';

/** Where one tensor lies. `shape` is outermost axis first, the reverse of how the file writes it. */
export interface GgufTensor {
  readonly name: string;
  readonly type: BlockType;
  readonly shape: Shape;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface GgufHeader {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MOST_TENSORS = 100_000;
const MOST_KEYS = 10_000;
const PREAMBLE = 24;
/** Name length, number of axes, type and offset; key length, type and one byte of value. */
const LEAST_TENSOR_BYTES = 24;
const LEAST_KEY_BYTES = 13;

/**
 * Reads and checks the header of an open GGUF file of version 2 or 3.
 * @throws AppError invalid, naming the file and the tensor.
 */
export async function readGgufHeader(source: ByteSource): Promise<GgufHeader> {
  await checkPreamble(source);
  const parsed = await parse(source);
  const [infoStart, infoEnd] = parsed.tensorInfoByteRange;
  if (infoEnd > source.size) throw malformed(source, 'ends inside its header');
  const typed = new Map(Object.entries<TypedValue>(parsed.typedMetadata));
  for (const counter of ['version', 'tensor_count', 'kv_count']) typed.delete(counter);
  // The parser pads what it has not read yet with zeros and cuts strings there, so its lengths are checked.
  if (metadataByteLength(typed) !== infoStart - PREAMBLE) {
    throw malformed(source, 'has metadata with doubled keys, nested arrays or text that is not UTF-8');
  }
  const dataOffset = Number(parsed.tensorDataOffset);
  const tensors = parsed.tensorInfos.map((info) => locate(source, info, dataOffset));
  checkPlaces(source, tensors);
  const values = new Map([...typed].map(([key, { value }]) => [key, value]));
  return {
    metadata: new GgufMetadata(source.name, values),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

async function parse(source: ByteSource): ReturnType<typeof readTyped> {
  try {
    return await readTyped(source.name);
  } catch (cause) {
    throw new AppError({
      kind: 'invalid',
      code: 'gguf_malformed',
      message: `${source.name} has a malformed GGUF header: ${reasonOf(cause)}`,
      cause,
    });
  }
}

// An absolute path cannot be taken for a URL.
function readTyped(path: string) {
  return gguf(resolve(path), { typedMetadata: true, allowLocalFile: true });
}

/** Bounds what the parser will allocate by what the file can hold. */
async function checkPreamble(source: ByteSource): Promise<void> {
  if (source.size < PREAMBLE)
    throw malformed(source, `is ${source.size} bytes long, too short for a GGUF file`);
  const view = new DataView((await source.read(0, PREAMBLE)).buffer);
  if (view.getUint32(0, false) !== 0x4747_5546) throw malformed(source, 'does not begin with GGUF');
  const version = view.getUint32(4, true);
  if (version !== 2 && version !== 3) {
    throw malformed(source, `has GGUF version ${version}; little-endian versions 2 and 3 are supported`);
  }
  const tensors = view.getBigUint64(8, true);
  const keys = view.getBigUint64(16, true);
  const least = Number(tensors) * LEAST_TENSOR_BYTES + Number(keys) * LEAST_KEY_BYTES;
  if (tensors > MOST_TENSORS || keys > MOST_KEYS || PREAMBLE + least > source.size) {
    throw malformed(
      source,
      `states ${tensors.toString()} tensors and ${keys.toString()} metadata keys, more than it holds`,
    );
  }
}

function locate(source: ByteSource, info: GGUFTensorInfo, dataOffset: number): GgufTensor {
  const where = `tensor ${JSON.stringify(info.name)}`;
  const type = blockTypes.get(info.dtype);
  if (type === undefined) {
    const known = [...blockTypes.values()].map(({ name }) => name).join(', ');
    throw invalid(
      'gguf_unsupported',
      `${source.name} stores ${where} as ${blockTypeName(info.dtype)}; supported are ${known}`,
      { tensor: info.name },
    );
  }
  const shape = info.shape.map(Number).reverse();
  const rowLength = shape.at(-1) ?? 1;
  const values = shape.reduce((product, size) => product * size, 1);
  if (values === 0 || rowLength % type.values !== 0) {
    throw malformed(
      source,
      `states ${where} of shape [${shape.join(', ')}] as ${type.name}, whose rows are blocks of ${type.values}`,
      info.name,
    );
  }
  const byteOffset = dataOffset + Number(info.offset);
  const byteLength = (values / type.values) * type.bytes;
  if (byteOffset + byteLength > source.size) {
    throw malformed(
      source,
      `is truncated: ${where} ends at ${byteOffset + byteLength}, the file at ${source.size}`,
      info.name,
    );
  }
  return { name: info.name, type, shape, byteOffset, byteLength };
}

function checkPlaces(source: ByteSource, tensors: readonly GgufTensor[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) throw malformed(source, `names the tensor ${JSON.stringify(name)} twice`, name);
    names.add(name);
  }
  let end = 0;
  for (const tensor of [...tensors].sort((a, b) => a.byteOffset - b.byteOffset)) {
    if (tensor.byteOffset < end) {
      throw malformed(source, `has tensor ${JSON.stringify(tensor.name)} overlapping another`, tensor.name);
    }
    end = tensor.byteOffset + tensor.byteLength;
  }
}

function malformed(source: ByteSource, fault: string, tensor?: string): AppError {
  return invalid('gguf_malformed', `${source.name} ${fault}`, tensor === undefined ? {} : { tensor });
}
