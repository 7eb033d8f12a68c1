import {
  cancelFineTuning,
  claimFineTuning,
  failFineTuning,
  keepTrainingState,
  pauseFineTuning,
  leaseLost,
  newId,
  queueFineTuning,
  rejectFineTuning,
  releaseFineTuning,
  requestFineTuningCancel,
  requestFineTuningPause,
  resumeFineTuning,
  stallFineTuning,
  succeedFineTuning,
  type Failure,
  type FineTuningJob,
  type FineTuningStatus,
  type Heartbeat,
  type NewAdapter,
  type NewAdapterVersion,
  type NewFineTuningJob,
  type NewTunedModel,
  type Page,
  type PageRequest,
  type Progress,
  type TrainingState,
} from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, EntityManager, In } from 'typeorm';
import { publishAdapter } from './adapter.repository.js';
import { publishTunedModel } from './base-model.repository.js';
import { countByStatus } from './count-by-status.js';
import { DataFileEntity } from './data-file.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { toDomain, toRow } from './fine-tuning-job.row.js';
import { claimableIds, countHeld, leaseFrom } from './lease-columns.js';
import { queueJobEvaluation, type MadeModel } from './job-evaluation.js';
import { lockRow } from './locked-row.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';
import { violatedForeignKey } from './pg-error.js';
import { placeOf, takenTurn, virtualTimes, type JobPlace } from './turns.js';

export interface FineTuningJobFilter {
  /** As it is told: a job that was asked to end is `cancelling` and no longer `running`. */
  readonly status?: FineTuningStatus | 'cancelling' | undefined;
  readonly model?: string | undefined;
}

/** What a training leaves behind, an adapter or a base model; its blob is written already. */
export type FineTuningOutcome = { readonly trainedTokens: number } & (
  { readonly adapter: NewAdapter; readonly version: NewAdapterVersion } | { readonly model: NewTunedModel }
);

/** Every change reads the row under lock and applies a transition of the domain; writes by a stale holder are refused. */
@Injectable()
export class FineTuningJobRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws notFound for a model, task or file that has no row, whose file was deleted or is another project's. */
  async create(job: NewFineTuningJob): Promise<FineTuningJob> {
    await this.dataSource.transaction((manager) => insertJob(manager, job));
    return this.get(job.id);
  }

  async find(id: string): Promise<FineTuningJob | undefined> {
    const row = await this.dataSource.manager.findOneBy(FineTuningJobEntity, { id });
    return row === null ? undefined : toDomain(row);
  }

  /** Throws notFound `fine_tuning_job_not_found`. */
  async get(id: string): Promise<FineTuningJob> {
    const job = await this.find(id);
    if (job === undefined) throw notFound('fine-tuning job', id);
    return job;
  }

  /** A job of the project. Throws notFound `fine_tuning_job_not_found`, for another project's job as for none. */
  async getIn(project: string, id: string): Promise<FineTuningJob> {
    const job = await this.find(id);
    if (job?.project !== project) throw notFound('fine-tuning job', id);
    return job;
  }

  async list(
    project: string,
    page: PageRequest,
    filter: FineTuningJobFilter = {},
  ): Promise<Page<FineTuningJob>> {
    const jobs = this.dataSource.getRepository(FineTuningJobEntity);
    const rows = await newestFirst(jobs, { projectId: project }, page, (query) => {
      const { status, model } = filter;
      if (status !== undefined)
        query.andWhere('item.status = :status', { status: status === 'cancelling' ? 'running' : status });
      if (status === 'cancelling' || status === 'running')
        query.andWhere('item.cancelRequested = :asked', { asked: status === 'cancelling' });
      if (model !== undefined) query.andWhere('item.baseModelId = :model', { model });
    });
    return mapPage(rows, toDomain);
  }

  /** Ids of jobs that are queued, or run under a lease that has ended: work that the queue must know of. */
  claimable(limit: number, after?: string): Promise<readonly string[]> {
    return claimableIds(this.dataSource.manager, FineTuningJobEntity, limit, after);
  }

  /** Waiting jobs of the job's base model and method that may train in one pass with others, the oldest first. */
  async packable({ id, model, method }: FineTuningJob, limit: number): Promise<readonly FineTuningJob[]> {
    const rows = await this.dataSource
      .getRepository(FineTuningJobEntity)
      .createQueryBuilder('job')
      .where(`job.status = 'queued' AND job.id <> :id AND job.baseModelId = :model`, { id, model })
      .andWhere('job.adapterMethod = :adapter', { adapter: method.adapter })
      .andWhere(`job.hyperparameters @> '{"pack": true}'`)
      .orderBy('job.createdAt')
      .limit(limit)
      .getMany();
    return rows.map(toDomain);
  }

  /** How many jobs wait for a worker or are with one. */
  countUnfinished(): Promise<number> {
    return this.dataSource.manager.countBy(FineTuningJobEntity, { status: In(['queued', 'running']) });
  }

  /** How many jobs a living worker holds. */
  countHeld(): Promise<number> {
    return countHeld(this.dataSource.manager, FineTuningJobEntity);
  }

  /** How many there are of each status, of all projects. */
  countByStatus(): Promise<ReadonlyMap<string, number>> {
    return countByStatus(this.dataSource, FineTuningJobEntity);
  }

  /** validating_files to queued. */
  queue(id: string): Promise<FineTuningJob> {
    return this.change(id, (job) => queueFineTuning(job));
  }

  /**
   * Takes the job up under a lease of `leaseMs` milliseconds; undefined when it has ended, when somebody else works on it, or
   * while workers are at `most` other jobs of its project (0: any number). `owner` is fresh for every claim: `newId('lease')`.
   */
  claim(id: string, owner: string, leaseMs: number, most = 0): Promise<FineTuningJob | undefined> {
    return this.change(id, async (job, now, manager) => {
      if (most > 0 && (await countRunning(manager, job)) >= most) return undefined;
      return claimFineTuning(job, leaseFrom(owner, now, leaseMs), now);
    });
  }

  /** Where the job stands in the queue. Throws notFound `fine_tuning_job_not_found`. */
  async placeOf(id: string): Promise<JobPlace> {
    const place = await placeOf(this.dataSource.manager, 'fine_tuning_job', id);
    if (place === undefined) throw notFound('fine-tuning job', id);
    return place;
  }

  /** The turn that is served at each priority at which jobs wait. */
  virtualTimes(): Promise<ReadonlyMap<number, number>> {
    return virtualTimes(this.dataSource.manager, 'fine_tuning_job');
  }

  /** Renews the lease for `leaseMs` milliseconds from now and records the progress. */
  async heartbeat(id: string, owner: string, leaseMs: number, progress?: Progress): Promise<Heartbeat> {
    const [rows] = await this.dataSource.query<
      [{ cancel_requested: boolean; pause_requested: boolean }[], number]
    >(
      `UPDATE fine_tuning_job SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond',
         progress_step = coalesce($4, progress_step), progress_total = coalesce($5, progress_total),
         updated_at = CASE WHEN ($4, $5) IS DISTINCT FROM (progress_step, progress_total) AND $4 IS NOT NULL
           THEN clock_timestamp() ELSE updated_at END
       WHERE id = $1 AND lease_owner = $2 AND status = 'running'
       RETURNING cancel_requested, pause_requested`,
      [id, owner, leaseMs, progress?.step ?? null, progress?.total ?? null],
    );
    const row = rows[0];
    return {
      alive: row !== undefined,
      cancelRequested: row?.cancel_requested ?? false,
      pauseRequested: row?.pause_requested ?? false,
    };
  }

  /** Hands the job back to the queue; the attempt does not count. Throws conflict `lease_lost`. */
  release(id: string, owner: string): Promise<FineTuningJob> {
    return this.change(id, (job) => releaseFineTuning(job, owner));
  }

  /**
   * Records what the job can go on from, its blob being written already, and tells the key of the one before, whose blob
   * nobody needs any more. Throws conflict `lease_lost`.
   */
  async keepState(id: string, owner: string, state: TrainingState): Promise<string | undefined> {
    let before: string | undefined;
    await this.change(id, (job) => {
      before = job.trainingState?.blobKey;
      return keepTrainingState(job, owner, state);
    });
    return before === state.blobKey ? undefined : before;
  }

  /** Notes since when the disk is full; the holder goes on holding the job. Throws conflict `lease_lost`. */
  stall(id: string, owner: string): Promise<FineTuningJob> {
    return this.change(id, (job, now) => stallFineTuning(job, owner, now));
  }

  /** Has every batch computed in so many passes from now on, and warns of it. Throws conflict `lease_lost`. */
  async splitBatches(id: string, owner: string, passes: number, warning: string): Promise<FineTuningJob> {
    await this.dataSource.transaction(async (manager) => {
      await lockHeldJob(manager, id, owner);
      await manager.query(
        `UPDATE fine_tuning_job SET hyperparameters = hyperparameters || $2::jsonb, warnings = warnings || $3::jsonb
         WHERE id = $1`,
        [id, JSON.stringify({ gradientAccumulationSteps: passes }), JSON.stringify([warning])],
      );
    });
    return this.get(id);
  }

  /**
   * Ends the job, records what it made, which its project gets, and queues its evaluation, in one transaction. Throws
   * conflict `lease_lost`.
   */
  succeed(id: string, owner: string, outcome: FineTuningOutcome): Promise<FineTuningJob> {
    const { trainedTokens } = outcome;
    const result =
      'model' in outcome
        ? { kind: 'base_model' as const, id: outcome.model.id }
        : { kind: 'adapter' as const, id: outcome.adapter.id };
    return this.change(id, async (job, now, manager) => {
      const done = succeedFineTuning(job, owner, { result, trainedTokens }, now);
      const made = await publish(manager, job, outcome);
      if (job.evaluation === null) return done;
      return { ...done, evaluationId: await queueJobEvaluation(manager, job, job.evaluation, made) };
    });
  }

  /** Throws conflict `lease_lost`. */
  fail(id: string, owner: string, error: Failure): Promise<FineTuningJob> {
    return this.change(id, (job, now) => failFineTuning(job, owner, error, now));
  }

  /** Ends a job that no worker holds. Throws conflict `illegal_status`. */
  reject(id: string, error: Failure): Promise<FineTuningJob> {
    return this.change(id, (job, now) => rejectFineTuning(job, error, now));
  }

  /** Ends a waiting job, or asks the holder of a running one to stop. Throws conflict `illegal_status` after the end. */
  requestCancel(id: string): Promise<FineTuningJob> {
    return this.change(id, (job, now) => requestFineTuningCancel(job, now));
  }

  /** Pauses a waiting job, or asks the holder of a running one to. Throws conflict `illegal_status`. */
  requestPause(id: string): Promise<FineTuningJob> {
    return this.change(id, requestFineTuningPause);
  }

  /** The holder has stopped, to go on later. Throws conflict `lease_lost`. */
  pause(id: string, owner: string): Promise<FineTuningJob> {
    return this.change(id, (job) => pauseFineTuning(job, owner));
  }

  /** Lets a paused job wait for a worker again. Throws conflict `illegal_status` for one that is not paused. */
  resume(id: string): Promise<FineTuningJob> {
    return this.change(id, resumeFineTuning);
  }

  /** The holder has stopped. Throws conflict `lease_lost`. */
  cancel(id: string, owner: string): Promise<FineTuningJob> {
    return this.change(id, (job, now) => cancelFineTuning(job, owner, now));
  }

  /** `transition` may answer undefined to leave the row alone. */
  private change<R extends FineTuningJob | undefined>(id: string, transition: Transition<R>): Promise<R> {
    return this.dataSource.transaction(async (manager) => {
      const locked = await lockRow(manager, FineTuningJobEntity, id);
      if (locked === undefined) throw notFound('fine-tuning job', id);
      const changed = await transition(toDomain(locked.row), locked.now, manager);
      if (changed !== undefined) {
        const updatedAt = () => 'clock_timestamp()';
        await manager.update(FineTuningJobEntity, { id }, { ...toRow(changed), updatedAt });
      }
      return changed;
    });
  }
}

/** Jobs of the project that workers are at; the project's claims come one after another from here to the transaction's end. */
async function countRunning(manager: EntityManager, { id, project }: FineTuningJob): Promise<number> {
  await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`trainings of ${project}`]);
  const [row] = await manager.query<{ count: number }[]>(
    `SELECT count(*)::integer AS count FROM fine_tuning_job
     WHERE project_id = $1 AND status = 'running' AND id <> $2 AND lease_expires_at > clock_timestamp()`,
    [project, id],
  );
  return row?.count ?? 0;
}

type Transition<R> = (job: FineTuningJob, now: Date, manager: EntityManager) => R | Promise<R>;

async function publish(
  manager: EntityManager,
  { id: jobId, project, model: baseModel }: FineTuningJob,
  outcome: FineTuningOutcome,
): Promise<MadeModel> {
  if ('model' in outcome) {
    await publishTunedModel(manager, { project, source: jobId }, outcome.model);
    return { baseModel: outcome.model.id, adapter: null };
  }
  const { digest } = outcome.version;
  const { id } = outcome.adapter;
  const row = { ...outcome.version, id: newId('advers'), jobId };
  const version = await publishAdapter(manager, project, outcome.adapter, row);
  return { baseModel, adapter: { id, version, digest } };
}

/** Throws as the repository's `create`. */
export async function insertJob(
  manager: EntityManager,
  job: NewFineTuningJob,
  sweepId?: string,
): Promise<void> {
  const { adapter: adapterMethod, scope, options, hyperparameters } = job.method;
  const { id, project, status, suffix, seed, metadata, warnings = [], priority = 0 } = job;
  const { fileId: evaluationFileId = null, ...evaluation } = job.evaluation ?? {};
  const names = { projectId: project, baseModelId: job.model, taskId: job.task };
  const files = { trainingFileId: job.trainingFile, validationFileId: job.validationFile };
  const method = { adapterMethod, scope, options, hyperparameters };
  // The lock keeps a deletion of the file from running between the check and the insert.
  for (const file of [job.trainingFile, job.validationFile, evaluationFileId])
    await lockFile(manager, project, file);
  await manager
    .createQueryBuilder()
    .insert()
    .into(FineTuningJobEntity)
    .values({
      id,
      status,
      suffix,
      seed,
      metadata,
      warnings,
      priority,
      turn: () => takenTurn('fine_tuning_job', ':project', ':priority'),
      ...names,
      ...files,
      ...method,
      ...(job.evaluation && { evaluation, evaluationFileId }),
      ...(sweepId !== undefined && { sweepId }),
    })
    .setParameters({ project, priority })
    .execute()
    .catch((error: unknown) => {
      throw violatedForeignKey(error) === undefined ? error : notFound('model', job.model);
    });
}

async function lockFile(manager: EntityManager, project: string, id: string | null): Promise<void> {
  if (id === null) return;
  const file = await manager
    .createQueryBuilder(DataFileEntity, 'file')
    .where('file.id = :id AND file.projectId = :project AND file.deletedAt IS NULL', { id, project })
    .setLock('pessimistic_read')
    .getOne();
  if (file === null) throw notFound('file', id);
}

/** Locks the job's row and refuses a writer that does not hold its lease. */
export async function lockHeldJob(manager: EntityManager, id: string, owner: string): Promise<void> {
  const locked = await lockRow(manager, FineTuningJobEntity, id);
  if (locked?.row.status !== 'running' || locked.row.leaseOwner !== owner) throw leaseLost(id, owner);
}
