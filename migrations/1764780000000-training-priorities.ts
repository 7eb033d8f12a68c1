import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which of the waiting trainings are taken first. */
export class TrainingPriorities1764780000000 implements MigrationInterface {
  readonly name = 'TrainingPriorities1764780000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE fine_tuning_job ADD COLUMN priority smallint NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE fine_tuning_job DROP COLUMN priority`);
  }
}
