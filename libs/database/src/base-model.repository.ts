import {
  illegalChange,
  leaseIsFree,
  leaseLost,
  type BaseModel,
  type BaseModelContent,
  type BaseModelStatus,
  type Failure,
  type Heartbeat,
  type JsonObject,
  type NewTunedModel,
  type ImportingBaseModel,
  type Quantisation,
  type ReadyBaseModel,
} from '@prad/domain';
import { AppError, assertNever } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, EntityManager, IsNull } from 'typeorm';
import { BaseModelEntity } from './base-model.entity.js';
import { present } from './corrupt-row.js';
import { countHeld, leaseColumns, leaseFrom, leaseOf } from './lease-columns.js';
import { lockRow } from './locked-row.js';
import { notFound } from './not-found.js';
import { violatedForeignKey } from './pg-error.js';
import { jsonOf } from './json-column.js';

export interface NewBaseModel {
  readonly id: string;
  readonly source: string;
  /** Quantised copies of the weights that are to be made; by default none. */
  readonly quantised?: readonly Quantisation[];
}

@Injectable()
export class BaseModelRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * A new model in status importing. A failed import of that name is begun anew;
   * throws conflict `model_exists` for one that is ready or being imported.
   */
  async create(model: NewBaseModel): Promise<BaseModel> {
    const { id, source, quantised = [] } = model;
    const written = await this.dataSource.query<unknown[]>(
      `INSERT INTO base_model (id, source, quantised, status) VALUES ($1, $2, $3, 'importing')
       ON CONFLICT (id) DO UPDATE SET source = excluded.source, quantised = excluded.quantised, status = 'importing', error = NULL,
         lease_owner = NULL, lease_expires_at = NULL, created_at = excluded.created_at
       WHERE base_model.status = 'failed' RETURNING id`,
      [id, source, quantised],
    );
    if (written.length === 0) {
      throw new AppError({
        kind: 'conflict',
        code: 'model_exists',
        message: `there is already a base model named ${JSON.stringify(id)}`,
        details: { id },
      });
    }
    return this.get(id);
  }

  async find(id: string): Promise<BaseModel | undefined> {
    const row = await this.dataSource.manager.findOneBy(BaseModelEntity, { id });
    return row === null ? undefined : toDomain(row);
  }

  /** Throws notFound `model_not_found`. */
  async get(id: string): Promise<BaseModel> {
    const model = await this.find(id);
    if (model === undefined) throw notFound('model', id);
    return model;
  }

  /** A model that the project sees. Throws notFound `model_not_found`, for another project's model as for none. */
  async getIn(project: string, id: string): Promise<BaseModel> {
    const model = await this.find(id);
    if (model === undefined || !isSeen(model, project)) throw notFound('model', id);
    return model;
  }

  /** A model that the project can use. Throws as {@link getIn} and {@link getReady} do. */
  async getReadyIn(project: string, id: string): Promise<ReadyBaseModel> {
    return ready(await this.getIn(project, id));
  }

  /** A model that can be used. Throws notFound, or conflict `model_not_ready` while it is imported or after that failed. */
  async getReady(id: string): Promise<ReadyBaseModel> {
    return ready(await this.get(id));
  }

  /** Models that the project sees, in the order of their making: everybody's and its own. */
  async listIn(project: string): Promise<readonly BaseModel[]> {
    const rows = await this.dataSource.manager.find(BaseModelEntity, {
      where: [{ projectId: IsNull() }, { projectId: project }],
      order: { createdAt: 'ASC', id: 'ASC' },
    });
    return rows.map(toDomain);
  }

  /** All models of all projects in the order of their making. */
  async list(status?: BaseModelStatus): Promise<readonly BaseModel[]> {
    const rows = await this.dataSource.manager.find(BaseModelEntity, {
      where: status === undefined ? {} : { status },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
    return rows.map(toDomain);
  }

  /** Ids of models that wait to be imported, or whose importer's lease has ended: work that the queue must know of. */
  async claimable(limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource
      .createQueryBuilder(BaseModelEntity, 'model')
      .select('model.id', 'id')
      .where(`model.status = 'importing'`)
      .andWhere('(model.leaseExpiresAt IS NULL OR model.leaseExpiresAt <= clock_timestamp())')
      .orderBy('model.createdAt')
      .limit(limit)
      .getRawMany<{ id: string }>();
    return rows.map(({ id }) => id);
  }

  /** How many models wait to be imported or are being imported. */
  countUnfinished(): Promise<number> {
    return this.dataSource.manager.countBy(BaseModelEntity, { status: 'importing' });
  }

  /** How many models are being imported by a living worker. */
  countHeld(): Promise<number> {
    return countHeld(this.dataSource.manager, BaseModelEntity);
  }

  /** The importing model under a new lease; undefined when its import has ended or another holder's lease is good. */
  async claim(id: string, owner: string, leaseMs: number): Promise<ImportingBaseModel | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const locked = await lockRow(manager, BaseModelEntity, id);
      if (locked === undefined) throw notFound('model', id);
      const { row, now } = locked;
      if (row.status !== 'importing' || !leaseIsFree(leaseOf(row), now)) return undefined;
      Object.assign(row, leaseColumns(leaseFrom(owner, now, leaseMs)));
      const model = toDomain(await manager.save(row));
      return model.status === 'importing' ? model : undefined;
    });
  }

  /** Renews the lease for `leaseMs` milliseconds from now. An import cannot be cancelled. */
  async heartbeat(id: string, owner: string, leaseMs: number): Promise<Heartbeat> {
    const renewed = await this.dataSource.query<[unknown[], number]>(
      `UPDATE base_model SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
       WHERE id = $1 AND lease_owner = $2 AND status = 'importing'`,
      [id, owner, leaseMs],
    );
    return { alive: renewed[1] === 1, cancelRequested: false };
  }

  /** Gives the import back for another worker. Throws conflict `lease_lost`. */
  async release(id: string, owner: string): Promise<void> {
    await this.leave(id, owner, {});
  }

  /**
   * The files are in place: the model can be used, and others of the same files have the same quantised copies.
   * Throws conflict `lease_lost`.
   */
  async complete(id: string, owner: string, content: BaseModelContent): Promise<ReadyBaseModel> {
    const quantised = [...content.quantised];
    await this.leave(id, owner, { ...content, quantised, status: 'ready' });
    await this.dataSource.manager.update(BaseModelEntity, { blobKey: content.blobKey }, { quantised });
    return this.getReady(id);
  }

  /** Replaces the further facts of a model. */
  async describe(id: string, details: JsonObject): Promise<void> {
    await this.dataSource.manager.update(BaseModelEntity, { id }, { details });
  }

  /** Throws conflict `lease_lost`. */
  async fail(id: string, owner: string, error: Failure): Promise<void> {
    await this.leave(id, owner, { error, status: 'failed' });
  }

  /** Removes the row and returns what it was. Throws notFound; conflict `model_in_use` while jobs or adapters name it. */
  async delete(id: string): Promise<BaseModel> {
    const model = await this.get(id);
    if (model.status === 'importing' && model.lease !== null)
      throw illegalChange(id, 'be deleted', model.status);
    try {
      await this.dataSource.manager.delete(BaseModelEntity, { id });
    } catch (error) {
      if (violatedForeignKey(error) === undefined) throw error;
      throw new AppError({
        kind: 'conflict',
        code: 'model_in_use',
        message: `base model ${JSON.stringify(id)} cannot be deleted: jobs or adapters use it`,
        details: { id },
        cause: error,
      });
    }
    return model;
  }

  /** Ends the holder's lease with the given change. */
  private leave(id: string, owner: string, change: Partial<BaseModelEntity>): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      const row = (await lockRow(manager, BaseModelEntity, id))?.row;
      if (row?.status !== 'importing' || row.leaseOwner !== owner) throw leaseLost(id, owner);
      await manager.save(Object.assign(row, change, leaseColumns(null)));
    });
  }
}

/** Records the project's model that a training made; its folder is written already. */
export async function publishTunedModel(
  manager: EntityManager,
  made: { readonly project: string; readonly source: string },
  model: NewTunedModel,
): Promise<void> {
  const { details, quantised, ...content } = model;
  const row = { ...content, details: { ...details }, quantised: [...quantised], status: 'ready' as const };
  await manager.insert(BaseModelEntity, { ...row, source: made.source, projectId: made.project });
}

function isSeen({ project: owner }: BaseModel, project: string): boolean {
  return owner === null || owner === project;
}

function ready(model: BaseModel): ReadyBaseModel {
  if (model.status === 'ready') return model;
  const { id, status } = model;
  throw new AppError({
    kind: 'conflict',
    code: 'model_not_ready',
    message: `base model ${JSON.stringify(id)} cannot be used: its status is ${status}`,
    details: { id, status },
  });
}

function toDomain(row: BaseModelEntity): BaseModel {
  const { id, source, createdAt, status } = row;
  const facts = { id, project: row.projectId, source, createdAt };
  switch (status) {
    case 'importing':
      return { ...facts, status, lease: leaseOf(row), quantised: row.quantised };
    case 'failed':
      return { ...facts, status, error: present(row.error, `error of base model ${id}`) };
    case 'ready':
      return { ...facts, status, ...contentOf(row) };
    default:
      return assertNever(status);
  }
}

function contentOf(row: BaseModelEntity): BaseModelContent {
  const of = `of base model ${row.id}`;
  return {
    digest: present(row.digest, `digest ${of}`),
    architecture: present(row.architecture, `architecture ${of}`),
    parameterCount: present(row.parameterCount, `parameter count ${of}`),
    contextLength: present(row.contextLength, `context length ${of}`),
    vocabularySize: present(row.vocabularySize, `vocabulary size ${of}`),
    bytes: present(row.bytes, `size ${of}`),
    blobKey: present(row.blobKey, `blob key ${of}`),
    quantised: row.quantised,
    details: jsonOf(row.details),
  };
}
