import type {
  Failure,
  FineTuningStatus,
  JobFilter,
  JobKind,
  JobSummary,
  Page,
  PageRequest,
} from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  jobById,
  jobsChangedSince,
  newestJobs,
  type JobCursor,
  type Statement,
} from './job-summary.query.js';
import { unknownCursor } from './newest-first.js';
import { notFound } from './not-found.js';

/** A job after a change; the revision tells two changes of it apart. */
export interface JobChange {
  readonly job: JobSummary;
  readonly revision: string;
}

interface SummaryRow {
  readonly id: string;
  readonly project: string;
  readonly kind: JobKind;
  readonly status: FineTuningStatus;
  readonly name: string | null;
  readonly model: string;
  readonly adapter: string | null;
  readonly task: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly progress_step: number | null;
  readonly progress_total: number | null;
  /** pg hands a bigint over as text. */
  readonly tokens: string | null;
  readonly cancel_requested: boolean;
  readonly error: Failure | null;
}

/** Jobs of both kinds, as an operator looks at them. */
@Injectable()
export class JobSummaryRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string): Promise<JobSummary | undefined> {
    const [row] = await this.run<SummaryRow>(jobById(id));
    return row === undefined ? undefined : toDomain(row);
  }

  /** A job of the project. Throws notFound `job_not_found`, for another project's job as for none. */
  async getIn(project: string, id: string): Promise<JobSummary> {
    const job = await this.find(id);
    if (job?.project !== project) throw notFound('job', id);
    return job;
  }

  /** Newest first. Throws invalid `unknown_cursor` for an `after` that names no job of the project. */
  async list(
    project: string,
    { after, limit }: PageRequest,
    filter: JobFilter = {},
  ): Promise<Page<JobSummary>> {
    const cursor = after === undefined ? undefined : await this.cursorOf(project, after);
    const rows = await this.run<SummaryRow>(newestJobs(project, filter, cursor, limit + 1));
    return { items: rows.slice(0, limit).map(toDomain), hasMore: rows.length > limit };
  }

  /** The database's time, as {@link changedSince} takes it. */
  async clock(): Promise<string> {
    const [row] = await this.dataSource.query<{ now: string }[]>('SELECT clock_timestamp()::text AS now');
    return row?.now ?? '';
  }

  /**
   * Jobs of all projects that were made or changed from `overlapMs` milliseconds before a time of {@link clock} on, in the order of
   * their last change. A change is stamped shortly before it is committed, hence the overlap: a reader that goes on
   * from the last stamp alone would miss what was committed out of order.
   */
  async changedSince(at: string, overlapMs: number): Promise<readonly JobChange[]> {
    const rows = await this.run<SummaryRow & { readonly revision: string }>(jobsChangedSince(at, overlapMs));
    return rows.map((row) => ({ job: toDomain(row), revision: row.revision }));
  }

  private async cursorOf(project: string, id: string): Promise<JobCursor> {
    const [cursor] = await this.dataSource.query<JobCursor[]>(
      `SELECT id, created_at::text AS at FROM fine_tuning_job WHERE project_id = $1 AND id = $2
       UNION ALL SELECT id, created_at::text AS at FROM inference_job WHERE project_id = $1 AND id = $2`,
      [project, id],
    );
    if (cursor === undefined) throw unknownCursor(id);
    return cursor;
  }

  private run<Row>({ sql, parameters }: Statement): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, [...parameters]);
  }
}

function toDomain(row: SummaryRow): JobSummary {
  const { id, project, kind, status, name, model, adapter, task, error } = row;
  const { progress_step: step, progress_total: total, tokens } = row;
  return {
    ...{ id, project, kind, status, name, model, adapter, task, error },
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    progress: step === null || total === null ? null : { step, total },
    tokens: tokens === null ? null : Number(tokens),
    cancelRequested: row.cancel_requested,
  };
}
