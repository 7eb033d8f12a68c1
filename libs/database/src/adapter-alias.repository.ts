import { Injectable } from '@nestjs/common';
import { isAliasName, type AdapterAlias } from '@prad/domain';
import { AppError } from '@prad/errors';
import { DataSource, EntityManager } from 'typeorm';
import { AdapterAliasEntity, aliasToDomain } from './adapter-alias.entity.js';
import { AdapterVersionEntity } from './adapter-version.entity.js';
import { lockAdapterIn } from './adapter.repository.js';
import { notFound } from './not-found.js';

/** Names of adapters' versions, which are moved from one version to another at once. */
@Injectable()
export class AdapterAliasRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Lets an alias stand for a version from now on; requests that were admitted keep theirs. Throws invalid
   * `invalid_alias`, notFound for an adapter or version that is not there.
   */
  async set(project: string, adapter: string, name: string, version: number): Promise<AdapterAlias> {
    if (!isAliasName(name)) throw badAlias(name);
    return this.dataSource.transaction(async (manager) => {
      await lockAdapterIn(manager, project, adapter);
      const known = await manager.existsBy(AdapterVersionEntity, { adapterId: adapter, version });
      if (!known) throw notFound('adapter version', `${adapter}@${version}`);
      return moveAlias(manager, adapter, name, version);
    });
  }

  /** Throws notFound for an adapter or alias that is not there. */
  async delete(project: string, adapter: string, name: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockAdapterIn(manager, project, adapter);
      const { affected } = await manager.delete(AdapterAliasEntity, { adapterId: adapter, name });
      if (affected !== 1) throw notFound('adapter alias', `${adapter}@${name}`);
    });
  }
}

/** Lets an alias of an adapter that `manager` has locked stand for one of its versions. */
export async function moveAlias(
  manager: EntityManager,
  adapterId: string,
  name: string,
  version: number,
): Promise<AdapterAlias> {
  const key = { adapterId, name };
  const before = await manager.findOneBy(AdapterAliasEntity, key);
  const unchanged = before?.version === version;
  const previousVersion = unchanged ? before.previousVersion : (before?.version ?? null);
  await manager.upsert(
    AdapterAliasEntity,
    { ...key, version, previousVersion, updatedAt: () => 'clock_timestamp()' },
    ['adapterId', 'name'],
  );
  return aliasToDomain(await manager.findOneByOrFail(AdapterAliasEntity, key));
}

function badAlias(name: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'invalid_alias',
    message: `an alias has 1 to 63 of the characters a-z, 0-9, _ and -, begins with a letter and is not "latest", got ${JSON.stringify(name)}`,
    details: { param: 'alias' },
  });
}
