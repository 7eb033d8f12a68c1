import {
  newId,
  type Adapter,
  type AdapterReference,
  type AdapterDetail,
  type AdapterOrigin,
  type AdapterVersion,
  type NewAdapter,
  type NewAdapterVersion,
  type Page,
  type PageRequest,
} from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { AppError } from '@prad/errors';
import { DataSource, EntityManager, In, IsNull } from 'typeorm';
import { aliasToDomain, AdapterAliasEntity } from './adapter-alias.entity.js';
import { AdapterEntity } from './adapter.entity.js';
import { AdapterVersionEntity } from './adapter-version.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { lockRow } from './locked-row.js';
import { newestFirst } from './newest-first.js';
import { notFound } from './not-found.js';
import { jsonOf } from './json-column.js';
import { violatedForeignKey } from './pg-error.js';

export interface AdapterFilter {
  readonly baseModel?: string | undefined;
  readonly task?: string | undefined;
}

/** Deleted adapters are not found, although their rows stay for the jobs that name them, and keep their names. */
@Injectable()
export class AdapterRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string): Promise<Adapter | undefined> {
    const row = await this.dataSource.manager.findOneBy(AdapterEntity, { id, deletedAt: IsNull() });
    return row === null ? undefined : this.whole(row);
  }

  /** Throws notFound `model_not_found`, to a client an adapter is a model, or `model_deleted`. */
  async get(id: string): Promise<Adapter> {
    return this.present(await this.dataSource.manager.findOneBy(AdapterEntity, { id }), id);
  }

  /** An adapter of the project. Throws as {@link get} does, for another project's adapter as for none. */
  async getIn(project: string, id: string): Promise<Adapter> {
    const row = await this.dataSource.manager.findOneBy(AdapterEntity, { id, projectId: project });
    return this.present(row, id);
  }

  /**
   * Records an adapter that no job made, with its first version; its blob is written already. Throws notFound when its
   * base model is gone.
   */
  async create(project: string, adapter: NewAdapter, version: NewAdapterVersion): Promise<AdapterDetail> {
    await this.dataSource
      .transaction((manager) =>
        publishAdapter(manager, project, adapter, { ...version, id: newId('advers'), jobId: null }),
      )
      .catch((error: unknown) => {
        throw violatedForeignKey(error) === undefined ? error : notFound('model', adapter.baseModel);
      });
    return this.getDetail(project, adapter.id);
  }

  async list(project: string, page: PageRequest, filter: AdapterFilter = {}): Promise<Page<Adapter>> {
    const adapters = this.dataSource.getRepository(AdapterEntity);
    const found = await newestFirst(adapters, { projectId: project }, page, (query) => {
      query.andWhere('item.deletedAt IS NULL');
      const { baseModel, task } = filter;
      if (baseModel !== undefined) query.andWhere('item.baseModelId = :baseModel', { baseModel });
      if (task !== undefined) query.andWhere('item.taskId = :task', { task });
    });
    return { items: await this.withLatest(found.items), hasMore: found.hasMore };
  }

  /**
   * Marks the project's adapter deleted and returns its versions, so that their blobs can be removed afterwards.
   * Throws as {@link getIn} does, or conflict `model_in_use` while a request that has not ended asks for it.
   */
  async delete(project: string, id: string): Promise<readonly AdapterVersion[]> {
    await this.dataSource.transaction(async (manager) => {
      await lockAdapterIn(manager, project, id);
      const [user] = await manager.query<{ id: string }[]>(
        `SELECT id FROM inference_job WHERE adapter_id = $1 AND status IN ('queued', 'running') LIMIT 1`,
        [id],
      );
      if (user !== undefined) throw inUse(id, user.id);
      await manager.update(AdapterEntity, { id }, { deletedAt: () => 'clock_timestamp()' });
    });
    return this.versions(id);
  }

  /**
   * Adds the next version to a project's adapter, which an artefact of the same base, method and scope may be; options
   * and size are told as the newest version has them. Throws as {@link getIn} does, or conflict `adapter_differs`.
   */
  async addVersion(
    project: string,
    id: string,
    made: Omit<NewAdapter, 'id'>,
    version: NewAdapterVersion,
  ): Promise<AdapterDetail> {
    await this.dataSource.transaction(async (manager) => {
      await lockAdapterIn(manager, project, id);
      await publishAdapter(
        manager,
        project,
        { ...made, id },
        { ...version, id: newId('advers'), jobId: null },
      );
    });
    return this.getDetail(project, id);
  }

  /**
   * The version that a name stands for now. Throws as {@link getIn} does, notFound `adapter_version_not_found` or
   * `adapter_alias_not_found`.
   */
  async resolve(
    project: string,
    { adapter: id, version: wanted }: AdapterReference,
  ): Promise<{ readonly adapter: Adapter; readonly version: AdapterVersion }> {
    const adapter = await this.getIn(project, id);
    if (wanted === undefined) return { adapter, version: adapter.latest };
    if (typeof wanted === 'number') return { adapter, version: await this.version(id, wanted) };
    const alias = await this.dataSource.manager.findOneBy(AdapterAliasEntity, {
      adapterId: id,
      name: wanted,
    });
    if (alias === null) throw notFound('adapter alias', `${id}@${wanted}`);
    return { adapter, version: await this.version(id, alias.version) };
  }

  /** Throws notFound `adapter_version_not_found`. */
  async version(id: string, version: number): Promise<AdapterVersion> {
    // No version is larger than the column.
    const row =
      version <= LARGEST_INTEGER
        ? await this.dataSource.manager.findOneBy(AdapterVersionEntity, { adapterId: id, version })
        : null;
    if (row === null) throw notFound('adapter version', `${id}@${version}`);
    return versionToDomain(row);
  }

  /** All versions, the newest first. */
  async versions(id: string): Promise<readonly AdapterVersion[]> {
    const rows = await this.dataSource.manager.find(AdapterVersionEntity, {
      where: { adapterId: id },
      order: { version: 'DESC' },
    });
    return rows.map(versionToDomain);
  }

  /** Throws as {@link getIn} does. */
  async getDetail(project: string, id: string): Promise<AdapterDetail> {
    const [detail] = await this.details([await this.getIn(project, id)]);
    if (detail === undefined) throw notFound('model', id);
    return detail;
  }

  async listDetails(project: string, page: PageRequest): Promise<Page<AdapterDetail>> {
    const { items, hasMore } = await this.list(project, page);
    return { items: await this.details(items), hasMore };
  }

  /** The adapters with their versions and whether they are in use. */
  private async details(adapters: readonly Adapter[]): Promise<readonly AdapterDetail[]> {
    const ids = adapters.map(({ id }) => id);
    const origins = await this.dataSource
      .createQueryBuilder(AdapterVersionEntity, 'version')
      .leftJoin(FineTuningJobEntity, 'job', 'job.id = version.jobId')
      .addSelect('job.trainingFileId', 'file')
      .where('version.adapterId = ANY(:ids)', { ids })
      .orderBy('version.version', 'DESC')
      .getRawAndEntities<{ file: string | null }>();
    const versions = origins.entities.map((row, place): AdapterOrigin => {
      return { ...versionToDomain(row), trainingFile: origins.raw[place]?.file ?? null };
    });
    const used = await this.dataSource.query<{ id: string }[]>(
      `SELECT DISTINCT adapter_id AS id FROM inference_job
       WHERE status IN ('queued', 'running') AND adapter_id = ANY($1)`,
      [ids],
    );
    const aliases = await this.dataSource.manager.find(AdapterAliasEntity, {
      where: { adapterId: In(ids) },
      order: { name: 'ASC' },
    });
    return adapters.map((adapter) => ({
      ...adapter,
      aliases: aliases.filter(({ adapterId }) => adapterId === adapter.id).map(aliasToDomain),
      isInUse: used.some(({ id }) => id === adapter.id),
      versions: versions.filter(({ adapterId }) => adapterId === adapter.id),
    }));
  }

  private async whole(row: AdapterEntity): Promise<Adapter> {
    const [adapter] = await this.withLatest([row]);
    if (adapter === undefined) throw notFound('model', row.id);
    return adapter;
  }

  private async present(row: AdapterEntity | null, id: string): Promise<Adapter> {
    if (row === null) throw notFound('model', id);
    if (row.deletedAt !== null) throw deleted(id, row.deletedAt);
    return this.whole(row);
  }

  private async withLatest(rows: readonly AdapterEntity[]): Promise<readonly Adapter[]> {
    const latest = await this.dataSource
      .createQueryBuilder(AdapterVersionEntity, 'version')
      .distinctOn(['version.adapterId'])
      .where('version.adapterId = ANY(:ids)', { ids: rows.map(({ id }) => id) })
      .orderBy('version.adapterId')
      .addOrderBy('version.version', 'DESC')
      .getMany();
    const byAdapter = new Map(latest.map((version) => [version.adapterId, version]));
    return rows.flatMap((row) => {
      const version = byAdapter.get(row.id);
      return version === undefined ? [] : [toDomain(row, version)];
    });
  }
}

/** The largest number of an `integer` column. */
const LARGEST_INTEGER = 2 ** 31 - 1;

/** A project's adapter, locked until the transaction ends. Throws as `getIn` of the repository does. */
export async function lockAdapterIn(
  manager: EntityManager,
  project: string,
  id: string,
): Promise<AdapterEntity> {
  const locked = await lockRow(manager, AdapterEntity, id);
  if (locked?.row.projectId !== project) throw notFound('model', id);
  if (locked.row.deletedAt !== null) throw deleted(id, locked.row.deletedAt);
  return locked.row;
}

/**
 * Writes the project's adapter where it is new, and its next version, which is returned, within the transaction of
 * `manager`. Throws conflict `adapter_differs`.
 */
export async function publishAdapter(
  manager: EntityManager,
  project: string,
  adapter: NewAdapter,
  version: Pick<AdapterVersion, 'id' | 'digest' | 'blobKey' | 'bytes' | 'jobId'>,
): Promise<number> {
  const { id, baseModel, baseDigest, method, options, scope, parameterCount, task } = adapter;
  await manager.query(
    `INSERT INTO adapter (id, project_id, base_model_id, base_digest, method, options, scope, parameter_count, task_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
    [id, project, baseModel, baseDigest, method, JSON.stringify(options), scope, parameterCount, task],
  );
  // The lock on the adapter orders concurrent versions of it.
  const locked = await lockRow(manager, AdapterEntity, id);
  if (locked !== undefined && locked.row.deletedAt !== null) throw deleted(id, locked.row.deletedAt);
  for (const what of ['baseDigest', 'method', 'scope'] as const) {
    const known = locked?.row[what];
    if (known !== undefined && known !== adapter[what]) throw differs(id, what, known, adapter[what]);
  }
  const last = await manager.maximum(AdapterVersionEntity, 'version', { adapterId: id });
  const number = (last ?? 0) + 1;
  await manager.insert(AdapterVersionEntity, { ...version, adapterId: id, version: number });
  if (number > 1) await manager.update(AdapterEntity, { id }, { options, parameterCount });
  return number;
}

/** Keeps the adapter from being deleted until the transaction of `manager` ends. Throws as `get` of the repository does. */
export async function keepAdapter(manager: EntityManager, id: string): Promise<void> {
  const row = await manager
    .createQueryBuilder(AdapterEntity, 'adapter')
    .where('adapter.id = :id', { id })
    .setLock('for_key_share')
    .getOne();
  if (row === null) throw notFound('model', id);
  if (row.deletedAt !== null) throw deleted(id, row.deletedAt);
}

function deleted(id: string, at: Date): AppError {
  return new AppError({
    kind: 'notFound',
    code: 'model_deleted',
    message: `the adapter ${JSON.stringify(id)} was deleted on ${at.toISOString()}`,
    details: { id },
  });
}

function differs(id: string, what: string, expected: string, got: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'adapter_differs',
    message: `a version of ${JSON.stringify(id)} must have its ${what}: expected ${expected}, got ${got}; import it as an adapter of its own`,
    details: { id, param: 'adapter' },
  });
}

function inUse(id: string, jobId: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'model_in_use',
    message: `adapter ${JSON.stringify(id)} cannot be deleted: request ${jobId} has not ended and asks for it`,
    details: { id, jobId },
  });
}

function versionToDomain(row: AdapterVersionEntity): AdapterVersion {
  const { id, adapterId, version, digest, blobKey, bytes, jobId, createdAt } = row;
  return { id, adapterId, version, digest, blobKey, bytes, jobId, createdAt };
}

function toDomain(row: AdapterEntity, latest: AdapterVersionEntity): Adapter {
  const { id, projectId, baseModelId, baseDigest, method, options, scope, parameterCount, taskId } = row;
  const { createdAt } = row;
  const facts = {
    id,
    project: projectId,
    baseDigest,
    method,
    options: jsonOf(options),
    scope,
    parameterCount,
    createdAt,
  };
  return { ...facts, baseModel: baseModelId, task: taskId, latest: versionToDomain(latest) };
}
