import {
  illegalChange,
  settledSweep,
  type NewFineTuningJob,
  type NewSweep,
  type Page,
  type PageRequest,
  type Sweep,
  type SweepRun,
} from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, EntityManager, In } from 'typeorm';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { insertJob } from './fine-tuning-job.repository.js';
import { toDomain as jobOf } from './fine-tuning-job.row.js';
import { lockRow } from './locked-row.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';
import { SweepEntity } from './sweep.entity.js';

/** Sweeps and the jobs that belong to them; a sweep's end comes from its jobs' rows alone. */
@Injectable()
export class SweepRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The sweep and all its jobs, or nothing. Throws as the creation of a job. */
  async create(sweep: NewSweep, jobs: readonly NewFineTuningJob[]): Promise<Sweep> {
    const { id, project, model, trainingFile, validationFile, suffix, lists } = sweep;
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(SweepEntity, {
        ...{ id, projectId: project, baseModelId: model, suffix, lists: { ...lists } },
        ...{ trainingFileId: trainingFile, validationFileId: validationFile },
      });
      for (const job of jobs) await insertJob(manager, job, id);
    });
    return this.getIn(project, id);
  }

  /** A sweep of the project. Throws notFound `sweep_not_found`, for another project's sweep as for none. */
  async getIn(project: string, id: string): Promise<Sweep> {
    const row = await this.dataSource.manager.findOneBy(SweepEntity, { id, projectId: project });
    if (row === null) throw notFound('sweep', id);
    return toDomain(row);
  }

  async list(project: string, page: PageRequest): Promise<Page<Sweep>> {
    const rows = this.dataSource.getRepository(SweepEntity);
    return mapPage(await newestFirst(rows, { projectId: project }, page), toDomain);
  }

  /** The runs of each of the sweeps, in the order of their creation. */
  async runs(ids: readonly string[]): Promise<ReadonlyMap<string, readonly SweepRun[]>> {
    return runsOf(this.dataSource.manager, ids);
  }

  /** Ids of sweeps that have not ended although all their jobs have: work that the queue must know of. */
  async claimable(limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM sweep WHERE status = 'running' AND NOT EXISTS (
         SELECT 1 FROM fine_tuning_job j
         WHERE j.sweep_id = sweep.id AND j.status NOT IN ('succeeded', 'failed', 'cancelled'))
       ORDER BY created_at LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Notes that a cancel was asked for. Throws notFound, or conflict `illegal_status` after the end. */
  async requestCancel(project: string, id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const locked = await lockRow(manager, SweepEntity, id);
      if (locked?.row.projectId !== project) throw notFound('sweep', id);
      if (locked.row.status !== 'running') throw illegalChange(id, 'be cancelled', locked.row.status);
      await manager.update(SweepEntity, { id }, { cancelRequested: true });
    });
  }

  /** Ends the sweep where all its jobs have ended and it has not; may be called at any time. */
  async settle(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const locked = await lockRow(manager, SweepEntity, id);
      if (locked?.row.status !== 'running') return;
      const runs = (await runsOf(manager, [id])).get(id) ?? [];
      const end = settledSweep(locked.row.cancelRequested, runs);
      if (end === undefined) return;
      const { status, bestJob: bestJobId } = end;
      await manager.update(SweepEntity, { id }, { status, bestJobId, finishedAt: locked.now });
    });
  }
}

async function runsOf(
  manager: EntityManager,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly SweepRun[]>> {
  const rows = await manager.find(FineTuningJobEntity, {
    where: { sweepId: In([...ids]) },
    order: { createdAt: 'ASC', id: 'ASC' },
  });
  // Step 0 is before training, the same for all; a diverged loss is NaN, which Postgres sorts above every number.
  const losses = await manager.query<{ job_id: string; valid_loss: number }[]>(
    `SELECT job_id, min(valid_loss) AS valid_loss FROM job_metric
     WHERE job_id = ANY($1) AND step > 0 AND valid_loss < 'Infinity' GROUP BY job_id`,
    [rows.map(({ id }) => id)],
  );
  const lossOf = new Map(losses.map(({ job_id: id, valid_loss: loss }) => [id, loss]));
  const runOf = (row: FineTuningJobEntity): SweepRun => ({
    job: jobOf(row),
    validLoss: lossOf.get(row.id) ?? null,
  });
  return new Map(ids.map((id) => [id, rows.filter(({ sweepId }) => sweepId === id).map(runOf)]));
}

function toDomain(row: SweepEntity): Sweep {
  const { id, projectId, baseModelId, trainingFileId, validationFileId, suffix, lists, status } = row;
  const { cancelRequested, bestJobId, createdAt, finishedAt } = row;
  return {
    ...{ id, project: projectId, model: baseModelId, suffix, lists, status, cancelRequested },
    ...{ trainingFile: trainingFileId, validationFile: validationFileId },
    ...{ bestJob: bestJobId, createdAt, finishedAt },
  };
}
