import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Evaluations as jobs. */
export class Evaluations1764640000000 implements MigrationInterface {
  readonly name = 'Evaluations1764640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE evaluation (
         id text NOT NULL,
         project_id text NOT NULL DEFAULT 'default',
         status text NOT NULL,
         models jsonb NOT NULL,
         file_id text NOT NULL,
         file_digest text NOT NULL,
         metrics jsonb NOT NULL,
         settings jsonb NOT NULL,
         progress jsonb,
         result jsonb,
         predictions_key text,
         error jsonb,
         cancel_requested boolean NOT NULL DEFAULT false,
         attempts integer NOT NULL DEFAULT 0,
         lease_owner text,
         lease_expires_at timestamptz,
         created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         started_at timestamptz,
         finished_at timestamptz,
         CONSTRAINT evaluation_pkey PRIMARY KEY (id),
         CONSTRAINT evaluation_project_id_fkey FOREIGN KEY (project_id) REFERENCES project(id),
         CONSTRAINT evaluation_file_id_fkey FOREIGN KEY (file_id) REFERENCES data_file(id),
         CONSTRAINT evaluation_status_check
           CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
         CONSTRAINT evaluation_lease_check CHECK (
           (status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)),
         CONSTRAINT evaluation_end_check
           CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
         CONSTRAINT evaluation_error_check CHECK ((status = 'failed') = (error IS NOT NULL)),
         CONSTRAINT evaluation_result_check
           CHECK ((status = 'succeeded') = (result IS NOT NULL AND predictions_key IS NOT NULL))
       )`,
    );
    await runner.query(
      'CREATE INDEX evaluation_project_id_created_at_id_idx ON evaluation (project_id, created_at, id)',
    );
    await runner.query(
      `CREATE INDEX evaluation_unfinished_idx ON evaluation (status) WHERE status IN ('queued', 'running')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE evaluation');
  }
}
