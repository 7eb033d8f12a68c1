import { newId, type Checkpoint, type NewCheckpoint, type Page, type PageRequest } from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CheckpointEntity } from './checkpoint.entity.js';
import { lockHeldJob } from './fine-tuning-job.repository.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';

@Injectable()
export class CheckpointRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Records a checkpoint whose blob is written already. A job that was begun anew writes a step again:
   * the row then names the new blob and keeps its id. Throws conflict `lease_lost`.
   */
  async add(owner: string, checkpoint: NewCheckpoint): Promise<Checkpoint> {
    const { jobId, step, trainLoss, validLoss, digest, blobKey, bytes } = checkpoint;
    return this.dataSource.transaction(async (manager) => {
      await lockHeldJob(manager, jobId, owner);
      const row = { id: newId('ftckpt'), jobId, step, trainLoss, validLoss, digest, blobKey, bytes };
      const before = await manager.findOneBy(CheckpointEntity, { jobId, step });
      if (before === null) await manager.insert(CheckpointEntity, row);
      else await manager.update(CheckpointEntity, { jobId, step }, { ...row, id: before.id });
      return toDomain(await manager.findOneByOrFail(CheckpointEntity, { jobId, step }));
    });
  }

  /**
   * Forgets all checkpoints of the job but the newest `keep` and the best by validation loss, and tells the keys of
   * their blobs. Throws conflict `lease_lost`.
   */
  async prune(jobId: string, owner: string, keep: number): Promise<readonly string[]> {
    return this.dataSource.transaction(async (manager) => {
      await lockHeldJob(manager, jobId, owner);
      const [rows] = await manager.query<[{ blob_key: string }[], number]>(PRUNE, [jobId, keep]);
      return rows.map((row) => row.blob_key);
    });
  }

  /** A checkpoint of that job. Throws notFound `checkpoint_not_found`, also for one of another job. */
  async get(jobId: string, id: string): Promise<Checkpoint> {
    const row = await this.dataSource.manager.findOneBy(CheckpointEntity, { id, jobId });
    if (row === null) throw notFound('checkpoint', id);
    return toDomain(row);
  }

  /** The checkpoint of the highest step. */
  async latest(jobId: string): Promise<Checkpoint | undefined> {
    const row = await this.dataSource.manager.findOne(CheckpointEntity, {
      where: { jobId },
      order: { step: 'DESC' },
    });
    return row === null ? undefined : toDomain(row);
  }

  async list(jobId: string, page: PageRequest): Promise<Page<Checkpoint>> {
    const rows = await newestFirst(this.dataSource.getRepository(CheckpointEntity), { jobId }, page);
    return mapPage(rows, toDomain);
  }
}

const PRUNE = `
  WITH ranked AS (
    SELECT id, row_number() OVER (ORDER BY step DESC) AS newness,
      row_number() OVER (ORDER BY valid_loss NULLS LAST, step) AS goodness
    FROM checkpoint WHERE job_id = $1)
  DELETE FROM checkpoint USING ranked
  WHERE checkpoint.id = ranked.id AND newness > $2 AND (goodness > 1 OR valid_loss IS NULL) RETURNING blob_key`;

function toDomain(row: CheckpointEntity): Checkpoint {
  const { id, jobId, step, trainLoss, validLoss, digest, blobKey, bytes, createdAt } = row;
  return { id, jobId, step, trainLoss, validLoss, digest, blobKey, bytes, createdAt };
}
