import type { JobFilter, JobKind } from '@prad/domain';

/** One of the two tables of jobs, seen as summaries. */
interface JobTable {
  readonly name: string;
  /** The columns of {@link SummaryRow} in its order. */
  readonly columns: string;
  /** Columns that a search looks into. */
  readonly searched: readonly string[];
  /** The condition on the task, given its placeholder. */
  readonly hasTask: (placeholder: string) => string;
}

const tables: Readonly<Record<JobKind, JobTable>> = {
  fine_tuning: {
    name: 'fine_tuning_job',
    columns: `id, project_id AS project, 'fine_tuning' AS kind, status, suffix AS name, base_model_id AS model, result_adapter_id AS adapter,
      task_id AS task, created_at, started_at, finished_at, progress_step, progress_total,
      CASE WHEN status = 'succeeded' THEN trained_tokens END AS tokens, cancel_requested, error, updated_at`,
    searched: ['id', 'suffix', 'result_adapter_id', 'result_model_id'],
    hasTask: (placeholder) => `task_id = ${placeholder}`,
  },
  inference: {
    name: 'inference_job',
    columns: `id, project_id AS project, 'inference' AS kind, status, NULL::text AS name, base_model_id AS model, adapter_id AS adapter,
      (SELECT task_id FROM adapter WHERE adapter.id = adapter_id) AS task, created_at, started_at, finished_at,
      NULL::integer AS progress_step, NULL::integer AS progress_total,
      (usage->>'promptTokens')::bigint + (usage->>'completionTokens')::bigint AS tokens, cancel_requested, error,
      updated_at`,
    searched: ['id', 'adapter_id'],
    hasTask: (placeholder) => `adapter_id IN (SELECT id FROM adapter WHERE task_id = ${placeholder})`,
  },
};

/** Where a page begins: after the job of this id, which was made at this time (Postgres' text, to the microsecond). */
export interface JobCursor {
  readonly at: string;
  readonly id: string;
}

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * The newest jobs of a project, of both tables, that pass the filter. Each table gives its own newest by an index, so that only
 * twice `limit` rows are put in order, however many jobs there are.
 */
export function newestJobs(
  project: string,
  filter: JobFilter,
  after: JobCursor | undefined,
  limit: number,
): Statement {
  const parameters: unknown[] = [];
  const given = (value: unknown): string => `$${parameters.push(value)}`;
  const newest = `ORDER BY created_at DESC, id DESC LIMIT ${given(limit)}`;
  const conditions = [`project_id = ${given(project)}`, ...commonConditions(filter, given)];
  if (after !== undefined) {
    conditions.push(`(created_at, id) < (${given(after.at)}::timestamptz, ${given(after.id)})`);
  }
  const task = filter.task === undefined ? undefined : given(filter.task);
  const search = filter.search === undefined ? undefined : given(filter.search.toLowerCase());
  const arms = kindsOf(filter).map((kind) => {
    const { name, columns, searched, hasTask } = tables[kind];
    const own = [...conditions];
    if (task !== undefined) own.push(hasTask(task));
    if (search !== undefined)
      own.push(`(${searched.map((column) => contains(column, search)).join(' OR ')})`);
    return `(SELECT ${columns} FROM ${name} WHERE ${own.join(' AND ')} ${newest})`;
  });
  return { sql: `SELECT * FROM (${arms.join(' UNION ALL ')}) AS job ${newest}`, parameters };
}

/** One job of either kind. */
export function jobById(id: string): Statement {
  const arms = Object.values(tables).map(
    ({ name, columns }) => `SELECT ${columns} FROM ${name} WHERE id = $1`,
  );
  return { sql: arms.join(' UNION ALL '), parameters: [id] };
}

/** Jobs that were made or changed from some milliseconds before a time on, in the order of their last change. */
export function jobsChangedSince(at: string, overlapMs: number): Statement {
  const arms = Object.values(tables).map(
    ({ name, columns }) =>
      `SELECT ${columns} FROM ${name} WHERE updated_at >= $1::timestamptz - $2 * interval '1 millisecond'`,
  );
  return {
    sql: `SELECT *, updated_at::text AS revision FROM (${arms.join(' UNION ALL ')}) AS job ORDER BY updated_at, id`,
    parameters: [at, overlapMs],
  };
}

function kindsOf({ kind }: JobFilter): readonly JobKind[] {
  return kind === undefined ? ['fine_tuning', 'inference'] : [kind];
}

/** What both tables have columns of the same name for. */
function commonConditions(filter: JobFilter, given: (value: unknown) => string): string[] {
  const { status, model, createdAfter, createdBefore } = filter;
  return [
    ...(status === undefined ? [] : [`status = ${given(status)}`]),
    ...(model === undefined ? [] : [`base_model_id = ${given(model)}`]),
    ...(createdAfter === undefined ? [] : [`created_at >= ${given(createdAfter)}`]),
    ...(createdBefore === undefined ? [] : [`created_at < ${given(createdBefore)}`]),
  ];
}

/**
 * As a text and not a pattern, so that % and _ mean themselves. Ids and names are ASCII, so the collation "C" finds
 * their lower case, without the work of a language's.
 */
function contains(column: string, placeholder: string): string {
  return `strpos(lower(${column} COLLATE "C"), ${placeholder}) > 0`;
}
