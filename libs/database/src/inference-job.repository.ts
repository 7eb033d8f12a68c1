import {
  cancelInference,
  claimInference,
  failInference,
  isFinal,
  rejectInference,
  releaseInference,
  requestInferenceCancel,
  succeedInference,
  type Failure,
  type Heartbeat,
  type InferenceJob,
  type InferenceOutcome,
  type InferenceStatus,
  type LeaseHolder,
  type NewInferenceJob,
  type Page,
  type PageRequest,
} from '@prad/domain';
import { assertNever } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import { keepAdapter } from './adapter.repository.js';
import { present } from './corrupt-row.js';
import { countByStatus } from './count-by-status.js';
import { InferenceJobEntity } from './inference-job.entity.js';
import { claimableIds, countHeld, leaseColumns, leaseFrom, leaseOf } from './lease-columns.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';
import { violatedForeignKey } from './pg-error.js';
import { jsonOf } from './json-column.js';
import { readVersion, replaceVersion } from './row-version.js';
import { placeOf, takenTurn, virtualTime, virtualTimes, type JobPlace } from './turns.js';

export interface InferenceJobFilter {
  readonly status?: InferenceStatus | undefined;
  readonly baseModel?: string | undefined;
  readonly adapter?: string | undefined;
}

/** A request that was recorded. */
export interface RecordedInference {
  readonly createdAt: Date;
  /** Where it stands in the queue. */
  readonly place: JobPlace;
}

/** Every change is a transition of the domain, made on the row as it is; writes by a stale holder are refused. */
@Injectable()
export class InferenceJobRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Records a new job in status queued. Throws notFound `model_not_found` for a base or adapter that has no row, `model_deleted`
   * for a deleted adapter.
   */
  create(job: NewInferenceJob): Promise<RecordedInference> {
    const { adapter } = job;
    if (adapter === null) return insertJob(this.dataSource.manager, job);
    return this.dataSource.transaction(async (manager) => {
      // The lock keeps a deletion of the adapter from running between the check and the insert.
      await keepAdapter(manager, adapter);
      return insertJob(manager, job);
    });
  }

  /** A request of the project. Throws notFound `inference_job_not_found`, for another project's as for none. */
  async getIn(project: string, id: string): Promise<InferenceJob> {
    const job = await this.find(id);
    if (job?.project !== project) throw notFound('inference job', id);
    return job;
  }

  async find(id: string): Promise<InferenceJob | undefined> {
    const row = await this.dataSource.manager.findOneBy(InferenceJobEntity, { id });
    return row === null ? undefined : toDomain(row);
  }

  /** Those of the ids that there are, in no order. */
  async findAll(ids: readonly string[]): Promise<readonly InferenceJob[]> {
    const rows = await this.dataSource.manager.findBy(InferenceJobEntity, { id: In([...ids]) });
    return rows.map(toDomain);
  }

  /** Those of the ids whose requests have ended, in no order. */
  async endedAmong(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.dataSource.manager.find(InferenceJobEntity, {
      select: { id: true, status: true },
      where: { id: In([...ids]) },
    });
    return rows.flatMap(({ id, status }) => (isFinal(status) ? [id] : []));
  }

  /** Throws notFound `inference_job_not_found`. */
  async get(id: string): Promise<InferenceJob> {
    const job = await this.find(id);
    if (job === undefined) throw notFound('inference job', id);
    return job;
  }

  async list(
    project: string,
    page: PageRequest,
    filter: InferenceJobFilter = {},
  ): Promise<Page<InferenceJob>> {
    const jobs = this.dataSource.getRepository(InferenceJobEntity);
    const rows = await newestFirst(jobs, { projectId: project }, page, (query) => {
      const { status, baseModel, adapter } = filter;
      if (status !== undefined) query.andWhere('item.status = :status', { status });
      if (baseModel !== undefined) query.andWhere('item.baseModelId = :baseModel', { baseModel });
      if (adapter !== undefined) query.andWhere('item.adapterId = :adapter', { adapter });
    });
    return mapPage(rows, toDomain);
  }

  /** Ids of requests that are queued, or run under a lease that has ended: work that the queue must know of. */
  claimable(limit: number, after?: string): Promise<readonly string[]> {
    return claimableIds(this.dataSource.manager, InferenceJobEntity, limit, after);
  }

  /** Where the job stands in the queue. Throws notFound `inference_job_not_found`. */
  async placeOf(id: string): Promise<JobPlace> {
    const place = await placeOf(this.dataSource.manager, 'inference_job', id);
    if (place === undefined) throw notFound('inference job', id);
    return place;
  }

  /** The turn that is served at each priority at which requests wait. */
  virtualTimes(): Promise<ReadonlyMap<number, number>> {
    return virtualTimes(this.dataSource.manager, 'inference_job');
  }

  /** How many requests wait for a worker or are with one. */
  countUnfinished(): Promise<number> {
    return this.dataSource.manager.countBy(InferenceJobEntity, { status: In(['queued', 'running']) });
  }

  /** How many requests a living worker holds. */
  countHeld(): Promise<number> {
    return countHeld(this.dataSource.manager, InferenceJobEntity);
  }

  /** How many there are of each status, of all projects. */
  countByStatus(): Promise<ReadonlyMap<string, number>> {
    return countByStatus(this.dataSource, InferenceJobEntity);
  }

  /**
   * Takes the job up under a lease of `leaseMs` milliseconds; undefined when it has ended or somebody else works on it.
   * `owner` is fresh for every claim: `newId('lease')`.
   */
  claim(id: string, owner: string, leaseMs: number): Promise<InferenceJob | undefined> {
    return this.change(id, (job, now) => claimInference(job, leaseFrom(owner, now, leaseMs), now));
  }

  /** Renews the leases for `leaseMs` milliseconds from now; by owner, without those who hold their job no longer. */
  async heartbeats(held: readonly LeaseHolder[], leaseMs: number): Promise<ReadonlyMap<string, Heartbeat>> {
    const [rows] = await this.dataSource.query<[{ owner: string; cancel_requested: boolean }[], number]>(
      `UPDATE inference_job AS job SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
       FROM unnest($1::text[], $2::text[]) AS held (id, owner)
       WHERE job.id = held.id AND job.lease_owner = held.owner AND job.status = 'running'
       RETURNING held.owner, job.cancel_requested`,
      [held.map(({ id }) => id), held.map(({ owner }) => owner), leaseMs],
    );
    return new Map(
      rows.map(({ owner, cancel_requested: cancelRequested }) => [owner, { alive: true, cancelRequested }]),
    );
  }

  /** Hands the job back to the queue; the attempt does not count. Throws conflict `lease_lost`. */
  release(id: string, owner: string): Promise<InferenceJob> {
    return this.change(id, (job) => releaseInference(job, owner));
  }

  /** Throws conflict `lease_lost`. */
  succeed(id: string, owner: string, outcome: InferenceOutcome): Promise<InferenceJob> {
    return this.change(id, (job, now) => succeedInference(job, owner, outcome, now));
  }

  /** Throws conflict `lease_lost`. */
  fail(id: string, owner: string, error: Failure): Promise<InferenceJob> {
    return this.change(id, (job, now) => failInference(job, owner, error, now));
  }

  /** Ends a job that no worker holds. Throws conflict `illegal_status`. */
  reject(id: string, error: Failure): Promise<InferenceJob> {
    return this.change(id, (job, now) => rejectInference(job, error, now));
  }

  /** Ends a waiting job, asks the holder of a running one to stop, leaves an ended one as it is. */
  requestCancel(id: string): Promise<InferenceJob> {
    return this.change(id, (job, now) => requestInferenceCancel(job, now));
  }

  /** The holder has stopped. Throws conflict `lease_lost`. */
  cancel(id: string, owner: string): Promise<InferenceJob> {
    return this.change(id, (job, now) => cancelInference(job, owner, now));
  }

  /** `transition` may answer undefined to leave the row alone; it is made again where the row has changed meanwhile. */
  private async change<R extends InferenceJob | undefined>(
    id: string,
    transition: (job: InferenceJob, now: Date) => R,
  ): Promise<R> {
    const { manager } = this.dataSource;
    for (;;) {
      const found = await readVersion(manager, InferenceJobEntity, id);
      if (found === undefined) throw notFound('inference job', id);
      const changed = transition(toDomain(found.row), found.now);
      if (changed === undefined) return changed;
      const updatedAt = () => 'clock_timestamp()';
      const row = { ...toRow(changed), updatedAt };
      if (await replaceVersion(manager, InferenceJobEntity, { id, version: found.version }, row))
        return changed;
    }
  }
}

/** Throws as the repository's `create`. */
async function insertJob(manager: EntityManager, job: NewInferenceJob): Promise<RecordedInference> {
  const { id, project, endpoint, adapterVersion, request, priority = 0, turns = 1 } = job;
  const names = { projectId: project, baseModelId: job.baseModel, adapterId: job.adapter };
  const turn = (): string => takenTurn('inference_job', ':project', ':priority');
  const { raw } = (await manager
    .createQueryBuilder()
    .insert()
    .into(InferenceJobEntity)
    .values({ id, status: 'queued', endpoint, adapterVersion, request, priority, turn, turns, ...names })
    .setParameters({ project, priority })
    .returning(`created_at, turn, ${virtualTime('inference_job', 'priority')} AS now`)
    .execute()
    .catch((error: unknown) => {
      if (violatedForeignKey(error) === undefined) throw error;
      throw notFound('model', job.baseModel);
    })) as { raw: { created_at: Date; turn: string; now: string }[] };
  const made = present(raw[0] ?? null, `row of inference job ${id}`);
  const place = { priority, turn: Number(made.turn), virtualTime: Number(made.now) };
  return { createdAt: made.created_at, place };
}

function toDomain(row: InferenceJobEntity): InferenceJob {
  const { id, endpoint, baseModelId, adapterId, request, cancelRequested, attempts, createdAt, startedAt } =
    row;
  const { adapterVersion } = row;
  const names = { project: row.projectId, baseModel: baseModelId, adapter: adapterId, adapterVersion };
  const facts = {
    id,
    endpoint,
    request: jsonOf(request),
    cancelRequested,
    attempts,
    createdAt,
    startedAt,
    ...names,
  };
  const { status } = row;
  const of = `of inference job ${id}`;
  switch (status) {
    case 'queued':
      return { ...facts, status };
    case 'running':
      return { ...facts, status, lease: present(leaseOf(row), `lease ${of}`) };
    case 'succeeded':
      return {
        ...{ ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) },
        result: jsonOf(present(row.result, `result ${of}`)),
        usage: present(row.usage, `usage ${of}`),
        timings: present(row.timings, `timings ${of}`),
      };
    case 'failed':
      return {
        ...{ ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) },
        error: present(row.error, `error ${of}`),
      };
    case 'cancelled':
      return { ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) };
    default:
      return assertNever(status);
  }
}

/** The columns that a transition may change. */
function toRow(job: InferenceJob) {
  const { status, cancelRequested, attempts, startedAt } = job;
  const done = job.status === 'succeeded' ? job : undefined;
  return {
    ...{ status, cancelRequested, attempts, startedAt },
    finishedAt: 'finishedAt' in job ? job.finishedAt : null,
    error: job.status === 'failed' ? job.error : null,
    result: done?.result ?? null,
    usage: done?.usage ?? null,
    timings: done?.timings ?? null,
    ...leaseColumns(job.status === 'running' ? job.lease : null),
  };
}
