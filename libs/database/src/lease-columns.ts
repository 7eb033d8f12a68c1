import type { Lease } from '@prad/domain';
import type { EntityManager, EntityTarget } from 'typeorm';

export interface LeaseColumns {
  leaseOwner: string | null;
  leaseExpiresAt: Date | null;
}

export function leaseOf({ leaseOwner, leaseExpiresAt }: LeaseColumns): Lease | null {
  if (leaseOwner === null || leaseExpiresAt === null) return null;
  return { owner: leaseOwner, expiresAt: leaseExpiresAt };
}

export function leaseColumns(lease: Lease | null): LeaseColumns {
  return { leaseOwner: lease?.owner ?? null, leaseExpiresAt: lease?.expiresAt ?? null };
}

/** A lease that runs for `leaseMs` milliseconds from `now`. */
export function leaseFrom(owner: string, now: Date, leaseMs: number): Lease {
  return { owner, expiresAt: new Date(now.getTime() + leaseMs) };
}

/** How many rows are under a lease that is good by the database's clock. */
export function countHeld(manager: EntityManager, entity: EntityTarget<LeaseColumns>): Promise<number> {
  return manager.createQueryBuilder(entity, 'row').where('row.leaseExpiresAt > clock_timestamp()').getCount();
}

/**
 * Ids of the oldest jobs that are queued, or run under a lease that has ended: work that the queue must know of. With `after`
 * those that were created after that one.
 */
export async function claimableIds(
  manager: EntityManager,
  entity: EntityTarget<LeaseColumns & { id: string; status: string; createdAt: Date }>,
  limit: number,
  after?: string,
): Promise<readonly string[]> {
  const query = manager
    .createQueryBuilder(entity, 'job')
    .select('job.id', 'id')
    .where(`(job.status = 'queued' OR (job.status = 'running' AND job.leaseExpiresAt <= clock_timestamp()))`)
    .orderBy('job.createdAt')
    .addOrderBy('job.id')
    .limit(limit);
  if (after !== undefined) {
    const place = query
      .subQuery()
      .select('(last.createdAt, last.id)')
      .from(entity, 'last')
      .where('last.id = :after');
    query.andWhere(`(job.createdAt, job.id) > ${place.getQuery()}`, { after });
  }
  const rows = await query.getRawMany<{ id: string }>();
  return rows.map(({ id }) => id);
}
