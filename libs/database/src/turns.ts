import type { EntityManager } from 'typeorm';

/** Jobs for which projects take turns; the functions of their tables are in the migrations. */
type Jobs = 'inference_job' | 'fine_tuning_job';

/** Where a waiting job stands among the others of its queue. */
export interface JobPlace {
  /** Lower ones come first, whatever their turn. */
  readonly priority: number;
  /** Its start tag, see `takenTurn`. */
  readonly turn: number;
  /** The turn that is served at this moment; a project that brings its first job starts there. */
  readonly virtualTime: number;
}

/**
 * In SQL, the turn of a job that is being inserted. By start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): the
 * first job of a project stands at the virtual time and every other one behind the turns that the one before it takes. So
 * projects with work are served alike, however many jobs one of them heaps up, and one that was idle has saved up no
 * claim. A job that ended, in whatever way, leaves nothing owed. The project's jobs take their turns one after another,
 * each as the transaction of the one before ends.
 */
export function takenTurn(jobs: Jobs, project: string, priority: string): string {
  return `${jobs}_take_turn(${project}, ${priority}::smallint)`;
}

/** In SQL, the turn that is served at a priority: the latest of those at work, or the first that waits, or 0. */
export function virtualTime(jobs: Jobs, priority: string): string {
  return `${jobs}_virtual_time(${priority}::smallint)`;
}

/** Undefined where there is no such job. */
export async function placeOf(manager: EntityManager, jobs: Jobs, id: string): Promise<JobPlace | undefined> {
  const [row] = await manager.query<{ priority: number; turn: string; now: string }[]>(
    `SELECT priority, turn, ${virtualTime(jobs, 'priority')} AS now FROM ${jobs} WHERE id = $1`,
    [id],
  );
  return row && { priority: row.priority, turn: Number(row.turn), virtualTime: Number(row.now) };
}

/** The virtual time of each priority at which jobs wait. */
export async function virtualTimes(manager: EntityManager, jobs: Jobs): Promise<ReadonlyMap<number, number>> {
  const rows = await manager.query<{ priority: number; now: string }[]>(
    `SELECT priority, ${virtualTime(jobs, 'priority')} AS now
     FROM (SELECT DISTINCT priority FROM ${jobs} WHERE status = 'queued') AS waiting`,
  );
  return new Map(rows.map(({ priority, now }) => [priority, Number(now)]));
}
