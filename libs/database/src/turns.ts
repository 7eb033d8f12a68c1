import type { EntityManager } from 'typeorm';

/** Jobs for which projects take turns: which of them are not done, and how many turns one of them takes. */
const unfinished = {
  inference_job: { statuses: `'queued', 'running'`, turns: 'turns' },
  fine_tuning_job: { statuses: `'validating_files', 'queued', 'running'`, turns: '1' },
} as const;
type Jobs = keyof typeof unfinished;

/** Where a waiting job stands among the others of its queue. */
export interface JobPlace {
  /** Lower ones come first, whatever their turn. */
  readonly priority: number;
  /** Its start tag, see `takeTurn`. */
  readonly turn: number;
  /** The turn that is served at this moment; a project that brings its first job starts there. */
  readonly virtualTime: number;
}

/** Of one priority: the latest turn that is served, or the first that waits; an idle one begins anew. */
function virtualTimeOf(jobs: Jobs, priority: string): string {
  return `coalesce(
    (SELECT max(turn) FROM ${jobs} WHERE status = 'running' AND priority = ${priority}),
    (SELECT min(turn) FROM ${jobs} WHERE status = 'queued' AND priority = ${priority}), 0)`;
}

/**
 * The turn of a job that is about to be inserted, in the transaction that does so. By start-time fair queueing (Goyal,
 * Vin and Cheng, SIGCOMM 1996): the first job of a project stands at the virtual time and every other one behind the
 * turns that the one before it takes. So projects with work are served alike, however many jobs one of them heaps up, and
 * one that was idle has saved up no claim. A job that ended, in whatever way, leaves nothing owed.
 */
export async function takeTurn(
  manager: EntityManager,
  jobs: Jobs,
  project: string,
  priority: number,
): Promise<number> {
  const { statuses, turns } = unfinished[jobs];
  // Those of one project one after another: two that came at once would take the same turn.
  await manager.query(`SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE`, [project]);
  const [row] = await manager.query<{ turn: string }[]>(
    `SELECT greatest(${virtualTimeOf(jobs, '$2')}, (
       SELECT turn + ${turns} FROM ${jobs} WHERE project_id = $1 AND priority = $2 AND status IN (${statuses})
       ORDER BY turn DESC LIMIT 1)) AS turn`,
    [project, priority],
  );
  return Number(row?.turn ?? 0);
}

/** Undefined where there is no such job. */
export async function placeOf(manager: EntityManager, jobs: Jobs, id: string): Promise<JobPlace | undefined> {
  const [row] = await manager.query<{ priority: number; turn: string; now: string }[]>(
    `SELECT job.priority, job.turn, ${virtualTimeOf(jobs, 'job.priority')} AS now FROM ${jobs} AS job WHERE job.id = $1`,
    [id],
  );
  return row && { priority: row.priority, turn: Number(row.turn), virtualTime: Number(row.now) };
}

/** The virtual time of each priority at which jobs wait. */
export async function virtualTimes(manager: EntityManager, jobs: Jobs): Promise<ReadonlyMap<number, number>> {
  const rows = await manager.query<{ priority: number; now: string }[]>(
    `SELECT priority, ${virtualTimeOf(jobs, 'waiting.priority')} AS now
     FROM (SELECT DISTINCT priority FROM ${jobs} WHERE status = 'queued') AS waiting`,
  );
  return new Map(rows.map(({ priority, now }) => [priority, Number(now)]));
}
