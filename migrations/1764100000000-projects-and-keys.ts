import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = [
  `CREATE TABLE project (
     id text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT project_pkey PRIMARY KEY (id)
   )`,
  `INSERT INTO project (id) VALUES ('default')`,
  `CREATE TABLE api_key (
     id text NOT NULL,
     project_id text NOT NULL,
     name text NOT NULL DEFAULT '',
     prefix text NOT NULL,
     hash text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     last_used_at timestamptz,
     revoked_at timestamptz,
     CONSTRAINT api_key_pkey PRIMARY KEY (id),
     CONSTRAINT api_key_hash_key UNIQUE (hash),
     CONSTRAINT api_key_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id)
   )`,
  `CREATE INDEX api_key_project_id_idx ON api_key (project_id)`,
];

/** What belongs to a project; its lists run newest first within the project. */
const owned = ['data_file', 'adapter', 'fine_tuning_job', 'inference_job'];

function ownership(table: string): readonly string[] {
  return [
    `ALTER TABLE ${table}
       ADD COLUMN project_id text NOT NULL DEFAULT 'default',
       ADD CONSTRAINT ${table}_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id)`,
    `DROP INDEX ${table}_created_at_id_idx`,
    `CREATE INDEX ${table}_project_id_created_at_id_idx ON ${table} (project_id, created_at, id)`,
  ];
}

/** Projects, the keys that let their clients in, and what belongs to them. Rows from before go to `default`. */
export class ProjectsAndKeys1764100000000 implements MigrationInterface {
  readonly name = 'ProjectsAndKeys1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...tables, ...owned.flatMap(ownership)]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of owned) {
      await runner.query(`ALTER TABLE ${table} DROP COLUMN project_id`);
      await runner.query(`CREATE INDEX ${table}_created_at_id_idx ON ${table} (created_at, id)`);
    }
    await runner.query('DROP TABLE api_key, project');
  }
}
