import type { Database } from '@prad/database';
import { DEFAULT_PROJECT, type JobFilter } from '@prad/domain';

interface Recorded {
  readonly sql: string;
  readonly parameters: unknown[];
}

const filters: Readonly<Record<string, JobFilter>> = {
  'status=failed': { status: 'failed' },
  'task=reviews': { task: 'reviews' },
  'search=nothing-like-it': { search: 'nothing-like-it' },
};

/** The plans of the main queries as Postgres carried them out, in Markdown. */
export async function explainQueries(database: Database): Promise<string> {
  const { dataSource, jobSummaries, projectFigures, adapters, jobMetrics } = database;
  const first = await jobSummaries.list(DEFAULT_PROJECT, { limit: 2_450 });
  const trainings = await jobSummaries.list(
    DEFAULT_PROJECT,
    { limit: 1 },
    { status: 'running', kind: 'fine_tuning' },
  );
  const uses: [string, () => Promise<unknown>][] = [
    ['The overview’s figures', () => projectFigures.read(DEFAULT_PROJECT)],
    ['First page', () => jobSummaries.list(DEFAULT_PROJECT, { limit: 50 })],
    ['Page 50', () => jobSummaries.list(DEFAULT_PROJECT, { limit: 50, after: first.items.at(-1)?.id })],
    ...Object.entries(filters).map(([name, filter]): [string, () => Promise<unknown>] => [
      name,
      () => jobSummaries.list(DEFAULT_PROJECT, { limit: 50 }, filter),
    ]),
    ['One poll of the live stream', async () => jobSummaries.changedSince(await jobSummaries.clock(), 3_000)],
    ['A curve of 2,000 points thinned to 500', () => jobMetrics.curve(trainings.items[0]?.id ?? '', 0, 500)],
    ['Adapters', () => adapters.listDetails(DEFAULT_PROJECT, { limit: 50 })],
  ];
  const parts: string[] = [];
  for (const [name, use] of uses) {
    const queries = await record(database, use);
    for (const { sql, parameters } of queries) {
      const rows = await dataSource.query<Readonly<Record<string, string>>[]>(
        `EXPLAIN (ANALYZE, BUFFERS) ${sql}`,
        parameters,
      );
      const plan = rows.map((row) => row['QUERY PLAN']?.replaceAll(/'\{[^}]{100,}\}'/g, "'{…}'")).join('\n');
      parts.push(`### ${name}\n\n\`\`\`\n${plan}\n\`\`\`\n`);
    }
  }
  return parts.join('\n');
}

/** The reading statements that a call sends, by the data source's own log of them. */
async function record({ dataSource }: Database, use: () => Promise<unknown>): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  const before = dataSource.logger;
  dataSource.logger = Object.assign(Object.create(before) as typeof before, {
    logQuery: (sql: string, parameters: unknown[] = []) => {
      if (sql.includes('FROM')) recorded.push({ sql, parameters: [...parameters] });
    },
  });
  try {
    await use();
  } finally {
    dataSource.logger = before;
  }
  return recorded;
}
