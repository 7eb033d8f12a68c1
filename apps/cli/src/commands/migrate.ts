import { openDataSource, runPendingMigrations, withoutPassword } from '@prad/database';
import { AppError } from '@prad/errors';
import { note, print } from '../output/print.js';
import type { AddCommands } from './command-context.js';

/** prad migrate */
export const addMigrate: AddCommands = (program, { settings }) => {
  program
    .command('migrate')
    .description('bring the tables of DATABASE_URL up to date, before API and workers start')
    .action(async () => {
      const url = settings.databaseUrl ?? databaseMissing();
      note(`migrating ${withoutPassword(url)}`);
      // One connection holds the lock, the other one migrates.
      const dataSource = await openDataSource({ url, poolSize: 2, migrate: false });
      try {
        const names = await runPendingMigrations(dataSource);
        for (const name of names) print(name);
        note(names.length === 0 ? 'the tables were up to date' : `${names.length} migrations were run`);
      } finally {
        await dataSource.destroy();
      }
    });
};

function databaseMissing(): never {
  throw new AppError({
    kind: 'invalid',
    code: 'database_url_missing',
    message: 'no database to migrate: set DATABASE_URL (`prad up` migrates its embedded one by itself)',
  });
}
