import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

export interface LockedRow<E> {
  readonly row: E;
  /** The database's clock, so that leases do not depend on the clocks of the workers' machines. */
  readonly now: Date;
}

/** Reads one row and keeps others from changing it until the transaction of `manager` ends; undefined where there is none. */
export async function lockRow<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  id: string,
): Promise<LockedRow<E> | undefined> {
  const { raw, entities } = await manager
    .createQueryBuilder(entity, 'item')
    .addSelect('clock_timestamp()', 'now')
    .where('item.id = :id', { id })
    .setLock('pessimistic_write')
    .getRawAndEntities<{ now: Date }>();
  const row = entities[0];
  const now = raw[0]?.now;
  return row === undefined || now === undefined ? undefined : { row, now };
}
