import { invalid } from './invalid.js';
import { isJsonObject, type JsonObject } from './strict-json.js';

/** Fields of a row by the columns that they are taken from: a column's name, or a path into nested ones as `translation.de`. */
export type Columns = Readonly<Record<string, string>>;

/**
 * The top-level column that a source lies in.
 * @throws AppError invalid `column_missing` with the names that there are.
 */
export function columnOf(source: string, names: readonly string[]): string {
  const found = names.includes(source)
    ? source
    : names.find((name) => source.startsWith(`${name}.`) && source.length > name.length + 1);
  if (found !== undefined) return found;
  const known = names.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 50)));
  const has = `${known.join(', ')}${names.length > known.length ? ', ...' : ''}`;
  throw invalid('column_missing', `the file has no column ${JSON.stringify(source)}; it has ${has}`, {
    source,
  });
}

/** A row of the fields that are mapped; other columns are left out, and so are fields whose column the row does not have. */
export function pickColumns(row: JsonObject, columns: Columns): JsonObject {
  const picked = Object.entries(columns).map(([field, source]) => [field, valueAt(row, source)] as const);
  return Object.fromEntries(picked.filter(([, value]) => value !== undefined));
}

function valueAt(value: unknown, path: string): unknown {
  if (!isJsonObject(value)) return undefined;
  if (Object.hasOwn(value, path)) return value[path];
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (Object.hasOwn(value, name)) return valueAt(value[name], path.slice(dot + 1));
  }
  return undefined;
}
