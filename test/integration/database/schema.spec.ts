import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openDataSource, openDatabase, type Database } from '@prad/database';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';

const execute = promisify(execFile);

/** Takes back that migration and all behind it. */
async function undoDownTo(dataSource: Database['dataSource'], name: string): Promise<void> {
  const ran = `SELECT 1 FROM schema_migration WHERE name = '${name}'`;
  while ((await dataSource.query<unknown[]>(ran)).length > 0) await dataSource.undoLastMigration();
}

describe('the migrations', () => {
  it('make exactly the tables that the entities describe', async () => {
    const dataSource = await openDataSource({ url: await createEmptyDatabase() });
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be taken back', async () => {
    const dataSource = await openDataSource({ url: await createEmptyDatabase() });
    while ((await dataSource.query<unknown[]>('SELECT 1 FROM schema_migration')).length > 0) {
      await dataSource.undoLastMigration();
    }
    const tables = await dataSource.query<{ tablename: string }[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );
    await dataSource.destroy();
    expect(tables).toEqual([{ tablename: 'schema_migration' }]);
  });

  it('say alpha where rows of the first release say scale of a lora, and back', async () => {
    const database = await openDatabase({ url: await createEmptyDatabase() });
    const { dataSource } = database;
    await addBaseModel(database, 'base');
    const add = (id: string, method: string) =>
      dataSource.query(
        `INSERT INTO adapter (id, base_model_id, base_digest, method, options, scope, parameter_count)
         SELECT $1, id, digest, $2, '{"rank": 2, "scale": 4}', 'prompt', 1 FROM base_model`,
        [id, method],
      );
    const options = async () =>
      (await dataSource.query<{ options: object }[]>('SELECT options FROM adapter ORDER BY id')).map(
        (row) => row.options,
      );
    const takeBack = () => undoDownTo(dataSource, 'LoraAlpha1764500000000');
    await takeBack();
    await add('a', 'lora');
    await add('b', 'adapter');
    const before = await options();
    await dataSource.runMigrations();
    expect(await options()).toEqual([
      { rank: 2, alpha: 4 },
      { rank: 2, scale: 4 },
    ]);
    await takeBack();
    expect(await options()).toEqual(before);
    await database.close();
  });

  it('name the copies of a model that older rows give bits of, and back', async () => {
    const database = await openDatabase({ url: await createEmptyDatabase() });
    const { dataSource } = database;
    await addBaseModel(database, 'base');
    await dataSource.query(`UPDATE base_model SET quantised = '{q4,q8,w8a8}'`);
    const copies = async () =>
      (await dataSource.query<{ quantised: unknown[] }[]>('SELECT quantised FROM base_model'))[0]?.quantised;
    await undoDownTo(dataSource, 'QuantisationNames1764820000000');
    expect(await copies()).toEqual([4, 8]);
    await dataSource.runMigrations();
    expect(await copies()).toEqual(['q4', 'q8']);
    await expect(dataSource.query(`UPDATE base_model SET quantised = '{q5}'`)).rejects.toThrow(
      'base_model_quantised_check',
    );
    await database.close();
  });

  it('run once when several processes start at once', async () => {
    const url = await createEmptyDatabase();
    const databases = await Promise.all(Array.from({ length: 6 }, () => openDatabase({ url, poolSize: 3 })));
    const [first] = databases;
    const rows = await first?.dataSource.query<unknown[]>('SELECT * FROM schema_migration');
    expect(rows).toHaveLength(first?.dataSource.migrations.length ?? -1);
    await Promise.all(databases.map((database) => database.close()));
  });

  it('are run by `prad migrate`, which asks for the database', async () => {
    const url = await createEmptyDatabase();
    const migrate = (address: string) =>
      execute('env', [`DATABASE_URL=${address}`, 'node', 'dist/apps/cli/src/main.js', 'migrate']);
    expect((await migrate(url)).stdout).toMatch(/^InitialSchema\d+\n/);
    expect((await migrate(url)).stdout).toBe('');
    await expect(migrate('')).rejects.toThrow('set DATABASE_URL');
  });

  it('are left alone when not asked for', async () => {
    const dataSource = await openDataSource({ url: await createEmptyDatabase(), migrate: false });
    expect(await dataSource.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    await dataSource.destroy();
  });
});

describe('an address that does not work', () => {
  it('is named without its password', async () => {
    const url = 'postgres://u:hunter2@127.0.0.1:1/x';
    await expect(openDataSource({ url })).rejects.toMatchObject({ code: 'database_unreachable' });
    await expect(openDataSource({ url })).rejects.toThrow(/u:\*\*\*@127\.0\.0\.1:1/);
  });

  it('leaves no connection behind when the migrations fail', async () => {
    const url = await createEmptyDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('CREATE TABLE task (wrong integer)');
    await expect(openDataSource({ url })).rejects.toMatchObject({ code: 'migration_failed' });
    const others = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await expect.poll(async () => (await client.query(others)).rowCount).toBe(0);
    await client.end();
  });
});
