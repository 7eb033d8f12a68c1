import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Evaluations that run at a job's end and may promote its adapter, and the code that made an evaluation's scores. */
export class JobEvaluations1764770000000 implements MigrationInterface {
  readonly name = 'JobEvaluations1764770000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE fine_tuning_job ADD COLUMN evaluation jsonb, ADD COLUMN evaluation_file_id text,
         ADD COLUMN evaluation_id text, ADD COLUMN promotion jsonb,
         ADD CONSTRAINT fine_tuning_job_evaluation_file_id_fkey
           FOREIGN KEY (evaluation_file_id) REFERENCES data_file(id)`,
    );
    await runner.query(
      `ALTER TABLE evaluation ADD COLUMN code jsonb, ADD COLUMN job_id text,
         ADD CONSTRAINT evaluation_job_id_key UNIQUE (job_id),
         ADD CONSTRAINT evaluation_job_id_fkey FOREIGN KEY (job_id) REFERENCES fine_tuning_job(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE evaluation DROP COLUMN code, DROP COLUMN job_id');
    await runner.query(
      `ALTER TABLE fine_tuning_job DROP COLUMN evaluation, DROP COLUMN evaluation_file_id,
         DROP COLUMN evaluation_id, DROP COLUMN promotion`,
    );
  }
}
