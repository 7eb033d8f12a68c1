import type { DataSourceOptions } from 'typeorm';
import { migrations } from '../../../migrations/index.js';
import { entities } from './entities.js';
import { SnakeNaming } from './snake-naming.js';

/** How this system's tables are reached; `url` is a postgres:// address. */
export function dataSourceOptions(url: string, poolSize: number): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeNaming(),
    uuidExtension: 'pgcrypto',
    synchronize: false,
    installExtensions: false,
    poolSize,
    applicationName: 'prad',
    connectTimeoutMS: 10_000,
  };
}
