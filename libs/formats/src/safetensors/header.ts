import type { Shape } from '@prad/tensor';
import type { ByteSource } from '../byte-source.js';
import { invalid } from '../invalid.js';
import { isJsonObject, parseJsonObject, type JsonObject } from '../strict-json.js';
import { isSafetensorsDtype, safetensorsDtypes, type SafetensorsDtype } from './dtype.js';

/** Where one tensor lies. `byteOffset` counts from the start of the file, as ONNX external data does. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** File offset of the first tensor byte. */
  readonly dataOffset: number;
}

/** The format's own limit, kept by its reference reader. */
const LARGEST_HEADER = 100_000_000;
const LARGEST_RANK = 16;
/** Root, tensor, array; the format needs no more. */
const HEADER_DEPTH = 3;

/**
 * Reads and checks the header: sizes, dtypes, shapes against byte ranges, no overlap, no hole, nothing after the end.
 * @throws AppError invalid, naming the file and the tensor.
 */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  if (source.size < 8) {
    throw malformed(source, `is ${source.size} bytes long, shorter than its 8-byte header length`);
  }
  const start = await source.read(0, 8);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw malformed(source, `states a header of ${length.toString()} bytes, the limit is ${LARGEST_HEADER}`);
  }
  const dataOffset = 8 + Number(length);
  if (dataOffset > source.size) {
    throw malformed(source, `states a header of ${length.toString()} bytes, but the file has ${source.size}`);
  }
  const bytes = await source.read(8, Number(length));
  if (bytes[0] !== 0x7b) throw malformed(source, 'has a header that does not begin with {');
  const json = parseJsonObject(bytes, `${source.name}: header`, HEADER_DEPTH);
  const entries = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(source, name, value, dataOffset));
  checkLayout(source, entries, dataOffset);
  return {
    metadata: readMetadata(source, json),
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
    dataOffset,
  };
}

function readMetadata(source: ByteSource, json: JsonObject): Record<string, string> {
  const value = json['__metadata__'];
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw malformed(source, 'has a __metadata__ that is not an object');
  const pairs = Object.entries(value).map(([key, text]) => {
    if (typeof text !== 'string')
      throw malformed(source, `has metadata ${JSON.stringify(key)} that is not text`);
    return [key, text] as const;
  });
  return Object.fromEntries(pairs);
}

function readEntry(source: ByteSource, name: string, value: unknown, dataOffset: number): SafetensorsEntry {
  const where = `tensor ${JSON.stringify(name)}`;
  if (!isJsonObject(value)) throw malformed(source, `${where}: expected an object`, name);
  const { dtype, shape, data_offsets: range } = value;
  if (!isSafetensorsDtype(dtype)) {
    throw malformed(source, `${where}: unknown dtype ${JSON.stringify(dtype)}`, name);
  }
  if (!isSizes(shape) || shape.length > LARGEST_RANK) {
    throw malformed(
      source,
      `${where}: shape must be at most ${LARGEST_RANK} whole numbers of at least 0`,
      name,
    );
  }
  if (!isSizes(range) || range.length !== 2) {
    throw malformed(source, `${where}: data_offsets must be two whole numbers`, name);
  }
  const [begin = 0, end = 0] = range;
  const byteLength = shape.reduce((product, size) => product * size, safetensorsDtypes[dtype]);
  if (byteLength !== end - begin) {
    throw malformed(
      source,
      `${where}: ${dtype} [${shape.join(', ')}] takes ${byteLength} bytes, but data_offsets span ${end - begin}`,
      name,
    );
  }
  return { name, dtype, shape, byteOffset: dataOffset + begin, byteLength };
}

/** The format demands that the tensors cover the data exactly, so hidden bytes and aliased weights are refused. */
function checkLayout(source: ByteSource, entries: readonly SafetensorsEntry[], dataOffset: number): void {
  const byPlace = [...entries].sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let end = dataOffset;
  for (const entry of byPlace) {
    const where = `tensor ${JSON.stringify(entry.name)}`;
    if (entry.byteOffset !== end) {
      const fault = entry.byteOffset < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw malformed(
        source,
        `${where} ${fault}: expected offset ${end - dataOffset}, got ${entry.byteOffset - dataOffset}`,
        entry.name,
      );
    }
    end += entry.byteLength;
  }
  if (end !== source.size) {
    const fault = end > source.size ? 'is truncated' : 'has bytes after its last tensor';
    throw malformed(source, `${fault}: its tensors end at ${end}, the file at ${source.size}`);
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function malformed(source: ByteSource, fault: string, tensor?: string): Error {
  return invalid('safetensors_malformed', `${source.name} ${fault}`, tensor === undefined ? {} : { tensor });
}
