import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where jobs stand in the order in which projects are served. */
export class Turns1764800000000 implements MigrationInterface {
  readonly name = 'Turns1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE fine_tuning_job ADD COLUMN turn bigint NOT NULL DEFAULT 0`);
    await runner.query(
      `ALTER TABLE inference_job ADD COLUMN priority smallint NOT NULL DEFAULT 0,
         ADD COLUMN turn bigint NOT NULL DEFAULT 0, ADD COLUMN turns integer NOT NULL DEFAULT 1`,
    );
    await runner.query(
      `UPDATE inference_job SET priority = (request->>'priority')::smallint
       WHERE status IN ('queued', 'running') AND request->>'priority' IS NOT NULL`,
    );
    await runner.query('DROP INDEX inference_job_unfinished_idx');
    await runner.query(
      `CREATE INDEX inference_job_unfinished_idx ON inference_job (status, priority, turn)
         WHERE status IN ('queued', 'running')`,
    );
    await runner.query(
      `CREATE INDEX inference_job_turn_idx ON inference_job (project_id, priority, turn)
         WHERE status IN ('queued', 'running')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX inference_job_turn_idx');
    await runner.query('DROP INDEX inference_job_unfinished_idx');
    await runner.query(
      `CREATE INDEX inference_job_unfinished_idx ON inference_job (status) WHERE status IN ('queued', 'running')`,
    );
    await runner.query('ALTER TABLE inference_job DROP COLUMN turns, DROP COLUMN turn, DROP COLUMN priority');
    await runner.query('ALTER TABLE fine_tuning_job DROP COLUMN turn');
  }
}
