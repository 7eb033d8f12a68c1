import {
  leaseLost,
  newId,
  type IdPrefix,
  type JobEvent,
  type NewJobEvent,
  type Page,
  type PageRequest,
} from '@prad/domain';
import { DataSource, EntityManager, MoreThan, type FindOptionsWhere } from 'typeorm';
import type { EventEntity } from './event.entity.js';
import { newestFirst, mapPage } from './newest-first.js';
import { notFound } from './not-found.js';
import { jsonOf } from './json-column.js';

/** Whose stories a table of events tells: rows of `owner`, which count them. */
export interface EventTable {
  readonly entity: new () => EventEntity;
  readonly table: string;
  /** The column that names the owner's row. */
  readonly key: string;
  readonly owner: string;
  /** As messages call the owner. */
  readonly called: string;
  readonly idPrefix: IdPrefix;
}

interface AppendedRow {
  readonly sequence: number;
  readonly created_at: Date;
}

/**
 * A job's sequence is counted in the job's row: the row stays locked until the event is committed,
 * so a reader never sees an event before an earlier one.
 */
export class EventRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly place: EventTable,
  ) {}

  /**
   * Adds an event with the job's next sequence. With an `owner` it is written only under that lease.
   * Throws notFound without an owner, conflict `lease_lost` with one.
   */
  append(jobId: string, event: NewJobEvent, owner?: string): Promise<JobEvent> {
    return appendEvent(this.dataSource.manager, this.place, jobId, event, owner);
  }

  /** Events after a sequence (0 for all), oldest first, at most `limit`. */
  async listAfter(jobId: string, sequence: number, limit: number): Promise<readonly JobEvent[]> {
    const where: FindOptionsWhere<EventEntity> = { jobId, sequence: MoreThan(sequence) };
    const rows = this.dataSource.getRepository(this.place.entity);
    return (await rows.find({ where, order: { sequence: 'ASC' }, take: limit })).map(toDomain);
  }

  /** Events newest first, as OpenAI lists them. */
  async list(jobId: string, page: PageRequest): Promise<Page<JobEvent>> {
    const rows = await newestFirst(this.dataSource.getRepository(this.place.entity), { jobId }, page);
    return mapPage(rows, toDomain);
  }
}

/** As the repository's `append`, within the transaction of `manager`. */
export async function appendEvent(
  manager: EntityManager,
  { table, key, owner: counter, called, idPrefix }: EventTable,
  jobId: string,
  event: NewJobEvent,
  owner?: string,
): Promise<JobEvent> {
  const { level, message, type = 'message', data = {} } = event;
  const id = newId(idPrefix);
  const rows = await manager.query<AppendedRow[]>(
    `WITH counter AS (
       UPDATE ${counter} SET event_sequence = event_sequence + 1
       WHERE id = $1 AND ($2::text IS NULL OR (lease_owner = $2 AND status = 'running'))
       RETURNING event_sequence)
     INSERT INTO ${table} (${key}, sequence, id, level, type, message, data)
     SELECT $1, event_sequence, $3, $4, $5, $6, $7 FROM counter RETURNING sequence, created_at`,
    [jobId, owner ?? null, id, level, type, message, JSON.stringify(data)],
  );
  const row = rows[0];
  if (row === undefined) {
    throw owner === undefined ? notFound(called, jobId) : leaseLost(jobId, owner);
  }
  return { id, jobId, sequence: row.sequence, level, type, message, data, createdAt: row.created_at };
}

function toDomain(row: EventEntity): JobEvent {
  const { id, jobId, sequence, level, type, message, data, createdAt } = row;
  return { id, jobId, sequence, level, type, message, data: jsonOf(data), createdAt };
}
