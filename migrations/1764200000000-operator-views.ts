import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The fast default fills old rows without writing the table anew; new rows take the time of their own writing. */
function withUpdatedAt(table: string): string[] {
  return [
    `ALTER TABLE ${table} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now()`,
    `ALTER TABLE ${table} ALTER COLUMN updated_at SET DEFAULT clock_timestamp()`,
    `CREATE INDEX ${table}_updated_at_idx ON ${table} (updated_at)`,
  ];
}

/** A project's lists by one column, newest first. */
function newestFirstBy(table: string, column: string, where = ''): string {
  const name = `${table}_project_id_${column}_created_at_id_idx`;
  return `CREATE INDEX ${name} ON ${table} (project_id, ${column}, created_at, id) ${where}`;
}

/** What a project's jobs ended in, by the time. */
function endedBy(table: string, status: string): string {
  return `CREATE INDEX ${table}_${status}_idx ON ${table} (project_id, finished_at) WHERE status = '${status}'`;
}

const up = [
  `ALTER TABLE adapter ADD COLUMN deleted_at timestamptz`,
  ...withUpdatedAt('fine_tuning_job'),
  ...withUpdatedAt('inference_job'),
  newestFirstBy('fine_tuning_job', 'base_model_id'),
  newestFirstBy('fine_tuning_job', 'status'),
  newestFirstBy('fine_tuning_job', 'task_id', 'WHERE task_id IS NOT NULL'),
  endedBy('fine_tuning_job', 'failed'),
  newestFirstBy('inference_job', 'base_model_id'),
  newestFirstBy('inference_job', 'status'),
  endedBy('inference_job', 'failed'),
  endedBy('inference_job', 'succeeded'),
];

const down = [
  `DROP INDEX inference_job_succeeded_idx, inference_job_failed_idx,
     inference_job_project_id_status_created_at_id_idx, inference_job_project_id_base_model_id_created_at_id_idx,
     fine_tuning_job_failed_idx, fine_tuning_job_project_id_task_id_created_at_id_idx,
     fine_tuning_job_project_id_status_created_at_id_idx, fine_tuning_job_project_id_base_model_id_created_at_id_idx`,
  `ALTER TABLE inference_job DROP COLUMN updated_at`,
  `ALTER TABLE fine_tuning_job DROP COLUMN updated_at`,
  `ALTER TABLE adapter DROP COLUMN deleted_at`,
];

/** What an operator's lists, figures and live changes of jobs need; adapters that are deleted but still named. */
export class OperatorViews1764200000000 implements MigrationInterface {
  readonly name = 'OperatorViews1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of up) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of down) await runner.query(statement);
  }
}
