import type { DataFile, FilePurpose, Page, PageRequest } from '@prad/domain';
import { AppError } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull } from 'typeorm';
import { DataFileEntity } from './data-file.entity.js';
import { EvaluationEntity } from './evaluation.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { jsonOf } from './json-column.js';
import { lockRow } from './locked-row.js';
import { mapPage, newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';

/** Deleted files are not found, although their rows stay for the jobs that name them. */
@Injectable()
export class DataFileRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Records a file whose blob is written already. */
  async create(file: Omit<DataFile, 'createdAt'>): Promise<DataFile> {
    const { project, ...facts } = file;
    const row = { ...facts, projectId: project };
    await this.dataSource.manager.insert(DataFileEntity, row);
    return this.get(file.id);
  }

  async find(id: string): Promise<DataFile | undefined> {
    const row = await this.dataSource.manager.findOneBy(DataFileEntity, { id, deletedAt: IsNull() });
    return row === null ? undefined : toDomain(row);
  }

  /** Throws notFound `file_not_found`. */
  async get(id: string): Promise<DataFile> {
    const file = await this.find(id);
    if (file === undefined) throw notFound('file', id);
    return file;
  }

  /** A file of the project. Throws notFound `file_not_found`, for another project's file as for none. */
  async getIn(project: string, id: string): Promise<DataFile> {
    const file = await this.find(id);
    if (file?.project !== project) throw notFound('file', id);
    return file;
  }

  async list(project: string, page: PageRequest, purpose?: FilePurpose): Promise<Page<DataFile>> {
    const files = this.dataSource.getRepository(DataFileEntity);
    const rows = await newestFirst(files, { projectId: project }, page, (query) => {
      query.andWhere('item.deletedAt IS NULL');
      if (purpose !== undefined) query.andWhere('item.purpose = :purpose', { purpose });
    });
    return mapPage(rows, toDomain);
  }

  /**
   * Marks the project's file deleted and returns it, so that its blob can be removed afterwards.
   * Throws notFound, or conflict `file_in_use` while an unfinished job needs it.
   */
  async delete(project: string, id: string): Promise<DataFile> {
    return this.dataSource.transaction(async (manager) => {
      const locked = await lockRow(manager, DataFileEntity, id);
      if (locked?.row.deletedAt !== null || locked.row.projectId !== project) throw notFound('file', id);
      const user = await manager
        .createQueryBuilder(FineTuningJobEntity, 'job')
        .where(`job.status IN ('validating_files', 'queued', 'running')`)
        .andWhere('(job.trainingFileId = :id OR job.validationFileId = :id OR job.evaluationFileId = :id)', {
          id,
        })
        .getOne();
      if (user !== null) throw fileInUse(id, user.id);
      const evaluation = await manager.findOneBy(EvaluationEntity, {
        fileId: id,
        status: In(['queued', 'running']),
      });
      if (evaluation !== null) throw fileInUse(id, evaluation.id);
      await manager.update(DataFileEntity, { id }, { deletedAt: locked.now });
      return toDomain(locked.row);
    });
  }
}

function fileInUse(id: string, jobId: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'file_in_use',
    message: `file ${id} cannot be deleted: fine-tuning job ${jobId} still needs it`,
    details: { id, jobId },
  });
}

function toDomain(row: DataFileEntity): DataFile {
  const { id, projectId: project, filename, purpose, format, bytes, sha256, rows, blobKey, createdAt } = row;
  const task = row.task === null ? null : jsonOf(row.task);
  return { id, project, filename, purpose, format, bytes, sha256, rows, task, blobKey, createdAt };
}
