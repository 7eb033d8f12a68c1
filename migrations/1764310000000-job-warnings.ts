import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the submitter of a fine-tuning job should know of. */
export class JobWarnings1764310000000 implements MigrationInterface {
  readonly name = 'JobWarnings1764310000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE fine_tuning_job ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE fine_tuning_job DROP COLUMN warnings`);
  }
}
