import { hashOfSecret, isProjectName, newId, newSecret, prefixOfSecret, type ApiKey } from '@prad/domain';
import { AppError } from '@prad/errors';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiKeyEntity } from './api-key.entity.js';
import { notFound } from './not-found.js';

/** What is needed to let a client in. */
export interface LiveApiKey {
  readonly id: string;
  readonly project: string;
  /** sha256 of the secret in lower-case hex. */
  readonly hash: string;
}

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * A new key of the project, which is made where there is none. The secret is given out here and never again.
   * Throws invalid `bad_project_name`.
   */
  async create(project: string, name: string): Promise<{ readonly key: ApiKey; readonly secret: string }> {
    if (!isProjectName(project)) throw badProjectName(project);
    const id = newId('key');
    const secret = newSecret();
    const row = { id, projectId: project, name, prefix: prefixOfSecret(secret), hash: hashOfSecret(secret) };
    const key = await this.dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO project (id) VALUES ($1) ON CONFLICT (id) DO NOTHING', [project]);
      await manager.insert(ApiKeyEntity, row);
      return toDomain(await manager.findOneByOrFail(ApiKeyEntity, { id }));
    });
    return { key, secret };
  }

  /** All keys, revoked ones too, in the order of their making. */
  async list(): Promise<readonly ApiKey[]> {
    const rows = await this.dataSource.manager.find(ApiKeyEntity, { order: { createdAt: 'ASC', id: 'ASC' } });
    return rows.map(toDomain);
  }

  /** Every key that is not revoked. */
  async live(): Promise<readonly LiveApiKey[]> {
    return this.dataSource
      .createQueryBuilder(ApiKeyEntity, 'key')
      .select('key.id', 'id')
      .addSelect('key.projectId', 'project')
      .addSelect('key.hash', 'hash')
      .where('key.revokedAt IS NULL')
      .getRawMany<LiveApiKey>();
  }

  /** A key that is revoked already stays as it is. Throws notFound `api_key_not_found`. */
  async revoke(id: string): Promise<ApiKey> {
    await this.dataSource.query(
      'UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL',
      [id],
    );
    const row = await this.dataSource.manager.findOneBy(ApiKeyEntity, { id });
    if (row === null) throw notFound('API key', id);
    return toDomain(row);
  }

  async markUsed(id: string): Promise<void> {
    await this.dataSource.query('UPDATE api_key SET last_used_at = clock_timestamp() WHERE id = $1', [id]);
  }
}

function badProjectName(project: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'bad_project_name',
    message: `a project is named by at most 63 lower-case letters, digits, - and _, got ${JSON.stringify(project)}`,
    details: { param: 'project' },
  });
}

function toDomain(row: ApiKeyEntity): ApiKey {
  const { id, projectId, name, prefix, createdAt, lastUsedAt, revokedAt } = row;
  return { id, project: projectId, name, prefix, createdAt, lastUsedAt, revokedAt };
}
