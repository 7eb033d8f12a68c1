import { AppError } from '@prad/errors';
import { parquetMetadata, parquetRead, parquetSchema, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import type { ByteSource } from '../byte-source.js';
import { invalid, reasonOf } from '../invalid.js';
import { columnOf } from '../columns.js';
import { checkRowGroup, type GroupRange } from './check-row-group.js';
import { compressors } from './compressors.js';
import { toJsonValue } from './to-json-value.js';

/** A row as its columns' names and JSON values. */
export type ParquetRow = Readonly<Record<string, unknown>>;

const TAIL = 8;
const LONGEST_METADATA = 64 << 20;
const MAGIC = 'PAR1';

/**
 * Rows of a Parquet file, one row group in memory at a time. Of each, only the columns are read that the given ones name
 * or lie in; default all. Whatever is wrong in the file is an AppError of kind invalid, but for counts that only decoding shows to be false:
 * those exhaust the memory or the patience of the thread that `readParquet` runs this in.
 */
export async function* parquetRows(
  source: ByteSource,
  columns?: readonly string[],
): AsyncGenerator<readonly ParquetRow[]> {
  const file: AsyncBuffer = {
    byteLength: source.size,
    slice: async (start, end = source.size) => (await source.read(start, end - start)).buffer,
  };
  try {
    const metadata = await metadataOf(source);
    const names = namesOf(metadata, columns);
    let first = 0;
    for (const group of metadata.row_groups) {
      const range = { first, rows: Number(group.num_rows), names };
      await checkRowGroup(source, metadata, group, range);
      if (range.rows > 0) yield await rowsOf(file, metadata, range);
      first += range.rows;
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw unreadable(reasonOf(cause));
  }
}

async function rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  { first, rows, names }: GroupRange,
): Promise<ParquetRow[]> {
  const columns = [...names];
  let read: readonly Record<string, unknown>[] = [];
  const onComplete = (complete: readonly Record<string, unknown>[]): void => {
    read = complete;
  };
  const part = { rowStart: first, rowEnd: first + rows, columns };
  await parquetRead({ file, metadata, ...part, rowFormat: 'object', compressors, parsers, onComplete });
  return read.map((row, place) => {
    const line = first + place + 1;
    return Object.fromEntries(columns.map((name) => [name, toJsonValue(row[name], { name, line })]));
  });
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const parsers = {
  // By default what is not UTF-8, such as an image, would become text of replacement characters.
  stringFromBytes: (bytes: Uint8Array | undefined): unknown => {
    if (bytes === undefined) return undefined;
    try {
      return decoder.decode(bytes);
    } catch {
      return bytes;
    }
  },
};

async function metadataOf(source: ByteSource): Promise<FileMetaData> {
  if (source.size < TAIL + MAGIC.length) throw unreadable('it is too short');
  const tail = await source.read(source.size - TAIL, TAIL);
  if (Buffer.from(tail.subarray(4)).toString('latin1') !== MAGIC) {
    throw unreadable(`it does not end in ${MAGIC}`);
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > Math.min(LONGEST_METADATA, source.size - TAIL)) {
    throw unreadable(`its metadata would be ${length} bytes long`);
  }
  // Statistics are not used; the default parsers would fail on a file whose statistics are cut inside a character.
  const bytes = await source.read(source.size - TAIL - length, length + TAIL);
  return parquetMetadata(bytes.buffer, { geoparquet: false, parsers });
}

/** Top-level columns to read, in the file's order. */
function namesOf(metadata: FileMetaData, wanted: readonly string[] | undefined): readonly string[] {
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const seen = new Set<string>();
  const doubled = names.find((name) => seen.size === seen.add(name).size);
  if (doubled !== undefined) throw unreadable(`it has two columns ${JSON.stringify(doubled.slice(0, 50))}`);
  if (names.length === 0) throw unreadable('it has no columns');
  if (wanted === undefined) return names;
  const needed = new Set(wanted.map((source) => columnOf(source, names)));
  return names.filter((name) => needed.has(name));
}

function unreadable(why: string): AppError {
  return invalid('parquet_invalid', `this is not a Parquet file that can be read: ${why}`, { line: 1 });
}
