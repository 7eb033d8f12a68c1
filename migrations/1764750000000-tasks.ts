import type { MigrationInterface, QueryRunner } from 'typeorm';

const users = ['adapter', 'fine_tuning_job', 'evaluation_result'];

/** Tasks that projects define; jobs name built-in ones as well, so they have no foreign key to them. */
export class Tasks1764750000000 implements MigrationInterface {
  readonly name = 'Tasks1764750000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of users)
      await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_task_id_fkey`);
    await runner.query('DROP TABLE task');
    await runner.query(
      `CREATE TABLE task (
         project_id text NOT NULL DEFAULT 'default',
         name text NOT NULL,
         definition jsonb NOT NULL,
         created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         CONSTRAINT task_pkey PRIMARY KEY (project_id, name),
         CONSTRAINT task_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id)
       )`,
    );
    await runner.query('ALTER TABLE data_file ADD COLUMN task jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE data_file DROP COLUMN task');
    await runner.query('DROP TABLE task');
    await runner.query(
      `CREATE TABLE task (
         id text NOT NULL,
         description text NOT NULL DEFAULT '',
         created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         CONSTRAINT task_pkey PRIMARY KEY (id)
       )`,
    );
    for (const table of users) {
      await runner.query(
        `INSERT INTO task (id) SELECT DISTINCT task_id FROM ${table} WHERE task_id IS NOT NULL
         ON CONFLICT DO NOTHING`,
      );
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT ${table}_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(id)`,
      );
    }
  }
}
