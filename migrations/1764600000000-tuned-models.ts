import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Base models that a training of all weights made: they belong to a project, and their job names no adapter. */
export class TunedModels1764600000000 implements MigrationInterface {
  readonly name = 'TunedModels1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE base_model ADD COLUMN project_id text,
         ADD CONSTRAINT base_model_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id)`,
    );
    await runner.query(
      `ALTER TABLE fine_tuning_job ADD COLUMN result_model_id text,
         DROP CONSTRAINT fine_tuning_job_result_check,
         ADD CONSTRAINT fine_tuning_job_result_check CHECK
           (num_nonnulls(result_adapter_id, result_model_id) = CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END)`,
    );
  }

  /** Fails while there are jobs that made a base model: the schema before has no place for them. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE fine_tuning_job DROP CONSTRAINT fine_tuning_job_result_check,
         DROP COLUMN result_model_id,
         ADD CONSTRAINT fine_tuning_job_result_check CHECK ((status = 'succeeded') = (result_adapter_id IS NOT NULL))`,
    );
    await runner.query('ALTER TABLE base_model DROP COLUMN project_id');
  }
}
