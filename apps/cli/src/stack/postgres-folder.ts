import { join } from 'node:path';

/** Where the embedded PostgreSQL of a data folder lies. */
export function postgresFolder(dataFolder: string): string {
  return join(dataFolder, 'postgres');
}
