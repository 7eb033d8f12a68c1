import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The order in which projects are served as functions, so that a job takes its turn in the statement that inserts it. */
export class TurnFunctions1764810000000 implements MigrationInterface {
  readonly name = 'TurnFunctions1764810000000';

  async up(runner: QueryRunner): Promise<void> {
    await define(runner, { jobs: 'inference_job', unfinished: `'queued', 'running'`, turns: 'turns' });
    const unfinished = `'validating_files', 'queued', 'running'`;
    await define(runner, { jobs: 'fine_tuning_job', unfinished, turns: '1' });
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const jobs of ['inference_job', 'fine_tuning_job']) {
      await runner.query(`DROP FUNCTION ${jobs}_take_turn`);
      await runner.query(`DROP FUNCTION ${jobs}_virtual_time`);
    }
  }
}

interface Jobs {
  readonly jobs: string;
  /** The statuses of those that are not done. */
  readonly unfinished: string;
  /** How many turns one of them takes. */
  readonly turns: string;
}

async function define(runner: QueryRunner, { jobs, unfinished, turns }: Jobs): Promise<void> {
  // Of one priority: the latest turn that is served, or the first that waits; an idle one begins anew.
  await runner.query(
    `CREATE FUNCTION ${jobs}_virtual_time(of_priority smallint) RETURNS bigint LANGUAGE sql STABLE AS $$
       SELECT coalesce(
         (SELECT max(turn) FROM ${jobs} WHERE status = 'running' AND priority = of_priority),
         (SELECT min(turn) FROM ${jobs} WHERE status = 'queued' AND priority = of_priority), 0)
     $$`,
  );
  // The jobs of one project one after another: two that came at once would take the same turn. Each statement of a
  // volatile function sees what was committed before it began, so the second one what the lock was waited for.
  await runner.query(
    `CREATE FUNCTION ${jobs}_take_turn(of_project text, of_priority smallint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
     BEGIN
       PERFORM 1 FROM project WHERE id = of_project FOR NO KEY UPDATE;
       RETURN (SELECT greatest(${jobs}_virtual_time(of_priority), (
         SELECT turn + ${turns} FROM ${jobs}
         WHERE project_id = of_project AND priority = of_priority AND status IN (${unfinished})
         ORDER BY turn DESC LIMIT 1)));
     END $$`,
  );
}
