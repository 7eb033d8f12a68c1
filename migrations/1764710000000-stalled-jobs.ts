import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that get no further, because the disk is full, know since when. */
export class StalledJobs1764710000000 implements MigrationInterface {
  readonly name = 'StalledJobs1764710000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE fine_tuning_job ADD COLUMN stalled_since timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE fine_tuning_job DROP COLUMN stalled_since');
  }
}
