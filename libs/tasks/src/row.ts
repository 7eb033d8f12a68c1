import { AppError } from '@prad/errors';
import { isJsonObject, type JsonObject } from '@prad/formats';

/** The error of a row that a task cannot read: what is wrong with a field. Whoever knows the line puts it in front. */
export function fault(field: string, what: string, place = field): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'training_example',
    message: `${place} ${what}`,
    details: { field },
  });
}

/** A field that must be text with more than white space. @throws AppError invalid naming the field. */
export function textOf(row: JsonObject, field: string, place = field): string {
  const text = row[field];
  if (text === undefined) throw fault(place, 'is missing');
  if (typeof text !== 'string') throw fault(place, 'must be text');
  if (text.trim() === '') throw fault(place, 'must not be empty');
  return text;
}

/** As `textOf` for a field that may be missing or blank; `''` then. */
export function optionalTextOf(row: JsonObject, field: string): string {
  const text = row[field];
  if (text === undefined || text === null) return '';
  if (typeof text !== 'string') throw fault(field, 'must be text');
  return text.trim() === '' ? '' : text;
}

/** A field that must be a list. */
export function listOf(row: JsonObject, field: string): readonly unknown[] {
  const list = row[field];
  if (list === undefined) throw fault(field, 'is missing');
  if (!Array.isArray(list)) throw fault(field, 'must be an array');
  return list;
}

/** A field that must be one of the labels. */
export function labelOf(row: JsonObject, field: string, labels: readonly string[] | undefined): string {
  const label = textOf(row, field);
  if (!labels || labels.includes(label)) return label;
  throw fault(field, `must be one of ${labels.join(', ')}, got ${JSON.stringify(label.slice(0, 50))}`);
}

/** An entry of a list that must be an object. */
export function objectAt(value: unknown, place: string, expected: string): JsonObject {
  if (!isJsonObject(value)) throw fault(place, `must be an object with ${expected}`);
  return value;
}

/** Refuses keys that would be ignored. */
export function refuseOthers(row: JsonObject, known: readonly string[], place: string): void {
  const others = Object.keys(row).filter((key) => !known.includes(key));
  if (others.length === 0) return;
  const names = others.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 50)));
  throw fault(others[0] ?? '', `has unknown keys ${names.join(', ')}; known are ${known.join(', ')}`, place);
}
