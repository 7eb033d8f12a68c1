import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The story of every evaluation, as fine-tuning jobs have it. */
export class EvaluationEvents1764790000000 implements MigrationInterface {
  readonly name = 'EvaluationEvents1764790000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE evaluation ADD COLUMN event_sequence integer NOT NULL DEFAULT 0');
    await runner.query(
      `CREATE TABLE evaluation_event (
         evaluation_id text NOT NULL,
         sequence integer NOT NULL,
         id text NOT NULL,
         level text NOT NULL,
         type text NOT NULL,
         message text NOT NULL,
         data jsonb NOT NULL DEFAULT '{}',
         created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
         CONSTRAINT evaluation_event_pkey PRIMARY KEY (evaluation_id, sequence),
         CONSTRAINT evaluation_event_id_key UNIQUE (id),
         CONSTRAINT evaluation_event_level_check CHECK (level IN ('info', 'warn', 'error')),
         CONSTRAINT evaluation_event_type_check CHECK (type IN ('message', 'metrics')),
         CONSTRAINT evaluation_event_evaluation_id_fkey
           FOREIGN KEY (evaluation_id) REFERENCES evaluation(id) ON DELETE CASCADE
       )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE evaluation_event');
    await runner.query('ALTER TABLE evaluation DROP COLUMN event_sequence');
  }
}
