import {
  newId,
  type EvaluationResult,
  type NewEvaluationResult,
  type Page,
  type PageRequest,
} from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EvaluationResultEntity } from './evaluation-result.entity.js';
import { mapPage, newestFirst } from './newest-first.js';
import { jsonOf } from './json-column.js';

export interface EvaluationFilter {
  readonly baseModel?: string | undefined;
  readonly adapterVersionId?: string | undefined;
  readonly task?: string | undefined;
}

@Injectable()
export class EvaluationResultRepository {
  constructor(private readonly dataSource: DataSource) {}

  async create(result: NewEvaluationResult): Promise<EvaluationResult> {
    const { baseModel, adapterVersionId, fileId, task, scores, settings, rows } = result;
    const id = newId('eval');
    const names = { baseModelId: baseModel, adapterVersionId, fileId, taskId: task };
    await this.dataSource.manager.insert(EvaluationResultEntity, { id, ...names, scores, settings, rows });
    return toDomain(await this.dataSource.manager.findOneByOrFail(EvaluationResultEntity, { id }));
  }

  async list(page: PageRequest, filter: EvaluationFilter = {}): Promise<Page<EvaluationResult>> {
    const found = await newestFirst(
      this.dataSource.getRepository(EvaluationResultEntity),
      {},
      page,
      (query) => {
        const { baseModel, adapterVersionId, task } = filter;
        if (baseModel !== undefined) query.andWhere('item.baseModelId = :baseModel', { baseModel });
        if (task !== undefined) query.andWhere('item.taskId = :task', { task });
        if (adapterVersionId !== undefined) {
          query.andWhere('item.adapterVersionId = :adapterVersionId', { adapterVersionId });
        }
      },
    );
    return mapPage(found, toDomain);
  }
}

function toDomain(row: EvaluationResultEntity): EvaluationResult {
  const { id, baseModelId, adapterVersionId, fileId, taskId, scores, settings, rows, createdAt } = row;
  return {
    ...{ id, adapterVersionId, fileId, scores, settings: jsonOf(settings), rows, createdAt },
    baseModel: baseModelId,
    task: taskId,
  };
}
