import type { DataSource } from 'typeorm';
import { openDataSource, type DatabaseOptions } from './open-data-source.js';
import { createRepositories, type Repositories } from './repositories.js';

/** The repositories outside Nest. */
export interface Database extends Repositories {
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

/** Connects, runs pending migrations and makes the repositories. Throws as {@link openDataSource} does. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dataSource = await openDataSource(options);
  return { ...createRepositories(dataSource), dataSource, close: () => dataSource.destroy() };
}
