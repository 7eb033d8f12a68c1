import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an interrupted training goes on from, and two more measures of a step. */
export class TrainingStates1764635000000 implements MigrationInterface {
  readonly name = 'TrainingStates1764635000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE fine_tuning_job ADD COLUMN training_state jsonb');
    await runner.query(
      'ALTER TABLE job_metric ADD COLUMN padding_waste double precision, ADD COLUMN mfu double precision',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE job_metric DROP COLUMN padding_waste, DROP COLUMN mfu');
    await runner.query('ALTER TABLE fine_tuning_job DROP COLUMN training_state');
  }
}
