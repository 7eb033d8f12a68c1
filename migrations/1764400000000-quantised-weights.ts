import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which quantised copies of its weights a base model has. */
export class QuantisedWeights1764400000000 implements MigrationInterface {
  readonly name = 'QuantisedWeights1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE base_model ADD COLUMN quantised smallint[] NOT NULL DEFAULT '{}',
         ADD CONSTRAINT base_model_quantised_check CHECK (quantised <@ '{4,8}'::smallint[])`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE base_model DROP COLUMN quantised');
  }
}
