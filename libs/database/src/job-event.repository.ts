import { leaseLost, newId, type JobEvent, type NewJobEvent, type Page, type PageRequest } from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, EntityManager, MoreThan } from 'typeorm';
import { JobEventEntity } from './job-event.entity.js';
import { newestFirst, mapPage } from './newest-first.js';
import { notFound } from './not-found.js';
import { jsonOf } from './json-column.js';

interface AppendedRow {
  readonly sequence: number;
  readonly created_at: Date;
}

/**
 * A job's sequence is counted in the job's row: the row stays locked until the event is committed,
 * so a reader never sees an event before an earlier one.
 */
@Injectable()
export class JobEventRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Adds an event with the job's next sequence. With an `owner` it is written only under that lease.
   * Throws notFound without an owner, conflict `lease_lost` with one.
   */
  append(jobId: string, event: NewJobEvent, owner?: string): Promise<JobEvent> {
    return appendJobEvent(this.dataSource.manager, jobId, event, owner);
  }

  /** Events after a sequence (0 for all), oldest first, at most `limit`. */
  async listAfter(jobId: string, sequence: number, limit: number): Promise<readonly JobEvent[]> {
    const rows = await this.dataSource.manager.find(JobEventEntity, {
      where: { jobId, sequence: MoreThan(sequence) },
      order: { sequence: 'ASC' },
      take: limit,
    });
    return rows.map(toDomain);
  }

  /** Events newest first, as OpenAI lists them. */
  async list(jobId: string, page: PageRequest): Promise<Page<JobEvent>> {
    const rows = await newestFirst(this.dataSource.getRepository(JobEventEntity), { jobId }, page);
    return mapPage(rows, toDomain);
  }
}

/** As the repository's `append`, within the transaction of `manager`. */
export async function appendJobEvent(
  manager: EntityManager,
  jobId: string,
  event: NewJobEvent,
  owner?: string,
): Promise<JobEvent> {
  const { level, message, type = 'message', data = {} } = event;
  const id = newId('ftevent');
  const rows = await manager.query<AppendedRow[]>(
    `WITH counter AS (
       UPDATE fine_tuning_job SET event_sequence = event_sequence + 1
       WHERE id = $1 AND ($2::text IS NULL OR (lease_owner = $2 AND status = 'running'))
       RETURNING event_sequence)
     INSERT INTO job_event (job_id, sequence, id, level, type, message, data)
     SELECT $1, event_sequence, $3, $4, $5, $6, $7 FROM counter RETURNING sequence, created_at`,
    [jobId, owner ?? null, id, level, type, message, JSON.stringify(data)],
  );
  const row = rows[0];
  if (row === undefined) {
    throw owner === undefined ? notFound('fine-tuning job', jobId) : leaseLost(jobId, owner);
  }
  return { id, jobId, sequence: row.sequence, level, type, message, data, createdAt: row.created_at };
}

function toDomain(row: JobEventEntity): JobEvent {
  const { id, jobId, sequence, level, type, message, data, createdAt } = row;
  return { id, jobId, sequence, level, type, message, data: jsonOf(data), createdAt };
}
