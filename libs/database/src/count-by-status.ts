import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { DataSource } from 'typeorm';

/** How many rows have each status; statuses that no row has are left out. */
export async function countByStatus<E extends ObjectLiteral & { status: string }>(
  dataSource: DataSource,
  entity: EntityTarget<E>,
): Promise<ReadonlyMap<string, number>> {
  const rows = await dataSource
    .createQueryBuilder(entity, 'job')
    .select('job.status', 'status')
    .addSelect('count(*)', 'count')
    .groupBy('job.status')
    .getRawMany<{ status: string; count: string }>();
  return new Map(rows.map(({ status, count }) => [status, Number(count)]));
}
