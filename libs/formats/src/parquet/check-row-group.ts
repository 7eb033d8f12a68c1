import type { ColumnMetaData, FileMetaData, RowGroup } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getSchemaPath, isFlatColumn } from 'hyparquet/src/schema.js';
import type { AppError } from '@prad/errors';
import type { ByteSource } from '../byte-source.js';
import { invalid } from '../invalid.js';

export interface GroupRange {
  /** Rows of the file before this row group. */
  readonly first: number;
  readonly rows: number;
  /** Top-level columns to read. */
  readonly names: readonly string[];
}

/** Most bytes of a row group's columns once unpacked: what is in memory at a time, and again as values. */
const LARGEST_GROUP = 256 << 20;
/** Most values in one column of a row group; writers put about a million rows into one. */
const MOST_VALUES = 16 << 20;

/**
 * Looks at the headers of all pages before anything is unpacked, because the reader would make room for whatever they say.
 * @throws AppError invalid naming the first row of the group.
 */
export async function checkRowGroup(
  source: ByteSource,
  { schema }: FileMetaData,
  group: RowGroup,
  { first, rows, names }: GroupRange,
): Promise<void> {
  const refuse = (what: string): AppError =>
    invalid('parquet_invalid', `the row group that begins with row ${first + 1} ${what}`, {
      line: first + 1,
    });
  if (!Number.isSafeInteger(rows) || rows < 0) throw refuse('says no valid number of rows');
  if (rows > MOST_VALUES)
    throw refuse(`has ${rows} rows, more than ${MOST_VALUES}: write smaller row groups`);
  let bytes = 0;
  for (const { meta_data: column } of group.columns) {
    if (!column) throw refuse('has a column in another file, or an encrypted one');
    const [name] = column.path_in_schema;
    if (name === undefined || !names.includes(name)) continue;
    const pages = await pagesOf(source, column, LARGEST_GROUP - bytes);
    if (pages === undefined) {
      const most = `${LARGEST_GROUP} bytes of data or ${MOST_VALUES} values in a column`;
      throw refuse(`has more than ${most}: write smaller row groups, or choose columns`);
    }
    const isFlat = isFlatColumn(getSchemaPath(schema, column.path_in_schema));
    if (isFlat ? pages.values !== rows : pages.values < rows) {
      throw refuse(`has ${rows} rows, but ${pages.values} values of ${JSON.stringify(name.slice(0, 50))}`);
    }
    bytes += pages.bytes;
  }
}

/** Unpacked bytes and values of a column's data pages; undefined where they are too many. */
async function pagesOf(
  source: ByteSource,
  column: ColumnMetaData,
  mostBytes: number,
): Promise<{ bytes: number; values: number } | undefined> {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = column;
  const packed = Number(size);
  if (packed > mostBytes) return undefined;
  const content = await source.read(
    Number(dictionary === undefined || dictionary === 0n ? data : dictionary),
    packed,
  );
  const reader = { view: new DataView(content.buffer), offset: 0 };
  let bytes = 0;
  let values = 0;
  // As the reader does: a last byte is padding.
  while (reader.offset < packed - 1) {
    const header = parquetHeader(reader);
    const { compressed_page_size: inside, uncompressed_page_size: unpacked } = header;
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: words } = header;
    const inData = v1?.num_values ?? v2?.num_values ?? 0;
    const levels = [v2?.definition_levels_byte_length ?? 0, v2?.repetition_levels_byte_length ?? 0];
    const counts = [inside, unpacked, inData, words?.num_values ?? 0, ...levels];
    if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
    if (inside > packed - reader.offset) return undefined;
    bytes += unpacked;
    values += inData;
    if (bytes > mostBytes || values > MOST_VALUES || (words?.num_values ?? 0) > MOST_VALUES) return undefined;
    reader.offset += inside;
  }
  return { bytes, values };
}
