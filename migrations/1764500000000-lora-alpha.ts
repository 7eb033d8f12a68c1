import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = [
  { table: 'fine_tuning_job', method: 'adapter_method' },
  { table: 'adapter', method: 'method' },
];

/** Says alpha where rows of the first release say scale: lora's option goes by PEFT's name now. */
export class LoraAlpha1764500000000 implements MigrationInterface {
  readonly name = 'LoraAlpha1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const row of tables) await rename(runner, row, 'scale', 'alpha');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const row of tables) await rename(runner, row, 'alpha', 'scale');
  }
}

async function rename(
  runner: QueryRunner,
  { table, method }: (typeof tables)[number],
  from: string,
  to: string,
): Promise<void> {
  await runner.query(
    `UPDATE ${table} SET options = options - '${from}' || jsonb_build_object('${to}', options->'${from}')
     WHERE ${method} = 'lora' AND options ? '${from}'`,
  );
}
