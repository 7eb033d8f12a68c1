import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quantised copies are named by how they are rounded, since there is more than one way with 8 bits. */
export class QuantisationNames1764820000000 implements MigrationInterface {
  readonly name = 'QuantisationNames1764820000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE base_model
         DROP CONSTRAINT base_model_quantised_check,
         ALTER COLUMN quantised DROP DEFAULT,
         ALTER COLUMN quantised TYPE text[] USING
           array_replace(array_replace(quantised::text[], '4', 'q4'), '8', 'q8'),
         ALTER COLUMN quantised SET DEFAULT '{}',
         ADD CONSTRAINT base_model_quantised_check CHECK (quantised <@ '{q4,q8,w8a8}'::text[])`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE base_model
         DROP CONSTRAINT base_model_quantised_check,
         ALTER COLUMN quantised DROP DEFAULT,
         ALTER COLUMN quantised TYPE smallint[] USING
           array_replace(array_replace(array_remove(quantised, 'w8a8'), 'q4', '4'), 'q8', '8')::smallint[],
         ALTER COLUMN quantised SET DEFAULT '{}',
         ADD CONSTRAINT base_model_quantised_check CHECK (quantised <@ '{4,8}'::smallint[])`,
    );
  }
}
