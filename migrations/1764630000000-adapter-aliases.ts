import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Aliases of adapter versions, and the version that a request was admitted with. */
export class AdapterAliases1764630000000 implements MigrationInterface {
  readonly name = 'AdapterAliases1764630000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE adapter_alias (
         adapter_id text NOT NULL,
         name text NOT NULL,
         version integer NOT NULL,
         previous_version integer,
         updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         CONSTRAINT adapter_alias_pkey PRIMARY KEY (adapter_id, name),
         CONSTRAINT adapter_alias_adapter_id_fkey FOREIGN KEY (adapter_id) REFERENCES adapter(id) ON DELETE CASCADE
       )`,
    );
    await runner.query('ALTER TABLE inference_job ADD COLUMN adapter_version integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE inference_job DROP COLUMN adapter_version');
    await runner.query('DROP TABLE adapter_alias');
  }
}
