import { invalid } from '../invalid.js';

interface Place {
  /** Of the top-level column. */
  readonly name: string;
  /** Number of the row, counted from 1. */
  readonly line: number;
}

/**
 * A decoded value as JSON has it: dates in ISO 8601, whole numbers beyond 2^53 as text, null for what is missing or no number.
 * @throws AppError invalid `parquet_binary` for bytes that are no text, naming row and column.
 */
export function toJsonValue(value: unknown, place: Place): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object') return compound(value, place);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

function compound(value: object, place: Place): unknown {
  if (Array.isArray(value)) return value.map((item) => toJsonValue(item, place));
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) {
    const { name, line } = place;
    throw invalid(
      'parquet_binary',
      `row ${line}: the column ${JSON.stringify(name)} holds bytes that are no text; choose other columns`,
      { line, field: name },
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJsonValue(item, place)]));
}
