import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a data file was uploaded as; those of before were JSON lines. */
export class FileFormats1764760000000 implements MigrationInterface {
  readonly name = 'FileFormats1764760000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE data_file ADD COLUMN format text NOT NULL DEFAULT 'jsonl',
         ADD CONSTRAINT data_file_format_check CHECK (format IN ('jsonl', 'csv', 'tsv', 'parquet'))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE data_file DROP COLUMN format');
  }
}
