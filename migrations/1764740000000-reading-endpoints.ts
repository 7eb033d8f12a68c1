import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests for embeddings and for scores of given answers. */
export class ReadingEndpoints1764740000000 implements MigrationInterface {
  readonly name = 'ReadingEndpoints1764740000000';

  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, ['completion', 'chat', 'embedding', 'score']);
  }

  /** Fails while there are such requests: the schema before has no place for them. */
  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, ['completion', 'chat']);
  }
}

async function allow(runner: QueryRunner, endpoints: readonly string[]): Promise<void> {
  const names = endpoints.map((name) => `'${name}'`).join(', ');
  await runner.query(
    `ALTER TABLE inference_job DROP CONSTRAINT inference_job_endpoint_check,
       ADD CONSTRAINT inference_job_endpoint_check CHECK (endpoint IN (${names}))`,
  );
}
