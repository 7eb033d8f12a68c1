import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sweeps, and the sweep that a job belongs to. */
export class Sweeps1764660000000 implements MigrationInterface {
  readonly name = 'Sweeps1764660000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE sweep (
         id text NOT NULL,
         project_id text NOT NULL DEFAULT 'default',
         status text NOT NULL DEFAULT 'running',
         base_model_id text NOT NULL,
         training_file_id text NOT NULL,
         validation_file_id text NOT NULL,
         suffix text,
         lists jsonb NOT NULL,
         cancel_requested boolean NOT NULL DEFAULT false,
         best_job_id text,
         created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         finished_at timestamptz,
         CONSTRAINT sweep_pkey PRIMARY KEY (id),
         CONSTRAINT sweep_status_check CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
         CONSTRAINT sweep_end_check CHECK ((status = 'running') = (finished_at IS NULL)),
         CONSTRAINT sweep_best_check CHECK (status <> 'succeeded' OR best_job_id IS NOT NULL),
         CONSTRAINT sweep_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id),
         CONSTRAINT sweep_base_model_id_fkey FOREIGN KEY (base_model_id) REFERENCES base_model(id),
         CONSTRAINT sweep_training_file_id_fkey FOREIGN KEY (training_file_id) REFERENCES data_file(id),
         CONSTRAINT sweep_validation_file_id_fkey FOREIGN KEY (validation_file_id) REFERENCES data_file(id)
       )`,
    );
    await runner.query(
      `CREATE INDEX sweep_project_id_created_at_id_idx ON sweep (project_id, created_at, id)`,
    );
    await runner.query(`CREATE INDEX sweep_running_idx ON sweep (created_at) WHERE status = 'running'`);
    await runner.query(
      `ALTER TABLE fine_tuning_job ADD COLUMN sweep_id text,
         ADD CONSTRAINT fine_tuning_job_sweep_id_fkey FOREIGN KEY (sweep_id) REFERENCES sweep(id)`,
    );
    await runner.query(
      `CREATE INDEX fine_tuning_job_sweep_idx ON fine_tuning_job (sweep_id) WHERE sweep_id IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE fine_tuning_job DROP COLUMN sweep_id');
    await runner.query('DROP TABLE sweep');
  }
}
