import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Fine-tuning jobs that stop for a while and go on from their state. */
export class PausedJobs1764670000000 implements MigrationInterface {
  readonly name = 'PausedJobs1764670000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE fine_tuning_job ADD COLUMN pause_requested boolean NOT NULL DEFAULT false,
         DROP CONSTRAINT fine_tuning_job_status_check,
         ADD CONSTRAINT fine_tuning_job_status_check CHECK
           (status IN ('validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'))`,
    );
  }

  /** Fails while there are paused jobs: the schema before has no place for them. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE fine_tuning_job DROP CONSTRAINT fine_tuning_job_status_check,
         DROP COLUMN pause_requested,
         ADD CONSTRAINT fine_tuning_job_status_check CHECK
           (status IN ('validating_files', 'queued', 'running', 'succeeded', 'failed', 'cancelled'))`,
    );
  }
}
