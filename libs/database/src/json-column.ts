import type { JsonObject } from '@prad/domain';

/** A jsonb column's type in an entity: TypeORM's deep partial types do not end on a recursive one. */
export type JsonColumn = object;

/** The column as the domain knows it; only JSON objects are ever written to it. */
export function jsonOf(column: JsonColumn): JsonObject {
  return column as JsonObject;
}
