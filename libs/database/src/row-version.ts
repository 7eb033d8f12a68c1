import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';

/** A row as one statement found it. */
export interface RowVersion<E> {
  readonly row: E;
  /** The transaction that wrote it: PostgreSQL's `xmin`, another one after every change. */
  readonly version: string;
  /** The database's clock, so that leases do not depend on the clocks of the workers' machines. */
  readonly now: Date;
}

/** Undefined where there is no such row. */
export async function readVersion<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  id: string,
): Promise<RowVersion<E> | undefined> {
  const { raw, entities } = await manager
    .createQueryBuilder(entity, 'item')
    .addSelect('item.xmin::text', 'version')
    .addSelect('clock_timestamp()', 'now')
    .where('item.id = :id', { id })
    .getRawAndEntities<{ version: string; now: Date }>();
  const [row] = entities;
  const [read] = raw;
  return row === undefined || read === undefined ? undefined : { row, version: read.version, now: read.now };
}

/**
 * Writes columns of a row where it is still of that version, and tells whether it was: two statements change a row by what
 * was read of it, where a transaction with a lock takes four.
 */
export async function replaceVersion<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  { id, version }: { readonly id: string; readonly version: string },
  columns: QueryDeepPartialEntity<E>,
): Promise<boolean> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(entity)
    .set(columns)
    .where('id = :id AND xmin = :version::xid', { id, version })
    .execute();
  return affected === 1;
}
