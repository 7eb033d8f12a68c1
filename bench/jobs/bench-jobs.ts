import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobList } from '@prad/contracts';
import { openDatabase, startEmbeddedPostgres } from '@prad/database';
import { readSettings } from '../../apps/cli/src/env.js';
import { Child } from '../../apps/cli/src/stack/child.js';
import { measurement, median, type Measurement } from '../report.js';
import { explainQueries } from './explain-queries.js';
import { seedJobs } from './seed-jobs.js';

const JOBS = 100_000;
const PAGE = 50;
const ROUNDS = 7;
/** What an operator is to wait at most, in milliseconds. */
const ALLOWED = 200;

/** The overview and the list of jobs over HTTP with many jobs in Postgres, and the plans of their queries. */
export async function benchJobs(): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-jobs-'));
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  try {
    const database = await openDatabase({ url: postgres.url, poolSize: 2 });
    await seedJobs(database.dataSource, {
      jobs: JOBS,
      onStep: (text) => {
        console.log(`seeding: ${text}`);
      },
    });
    const results = await withApi(postgres.url, folder, measure);
    console.log(await explainQueries(database));
    await database.close();
    return results;
  } finally {
    await postgres.stop();
    await rm(postgres.location, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

async function withApi<T>(databaseUrl: string, folder: string, use: (url: string) => Promise<T>): Promise<T> {
  const environment = {
    ...readSettings().environment,
    ...{ DATABASE_URL: databaseUrl, PRAD_DATA_DIR: folder, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn' },
  };
  const api = new Child({
    ...{ app: 'api', environment, ready: /listening on http/ },
    onLine: (line) => {
      console.log(line);
    },
  });
  try {
    return await use(/http:\/\/\S+/.exec(await api.ready())?.[0] ?? '');
  } finally {
    await api.stop(10_000);
  }
}

async function measure(url: string): Promise<Measurement[]> {
  const requests: [string, string][] = [
    ['overview', 'overview'],
    ['first page', `jobs?limit=${PAGE}`],
    ['page 50', await pageAfter(url, 49)],
    ...[
      'kind=fine_tuning',
      'kind=inference',
      'status=running',
      'status=failed',
      'status=validating_files',
    ].map(named),
    ...['status=cancelled&kind=fine_tuning', 'task=reviews', 'task=none', 'model=none'].map(named),
    named(`model=${await someModel(url)}`),
    ...['search=cmpl-0a1', 'search=team-7', 'search=nothing-like-it', 'search=e'].map(named),
    named(`created_before=${Math.floor(Date.now() / 1000) - 60 * 86_400}`),
    named('created_after=4102444800'),
  ];
  const results: Measurement[] = [];
  for (const [name, path] of requests) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      const response = await fetch(`${url}/v1/${path}`);
      await response.arrayBuffer();
      times.push(performance.now() - start);
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    }
    const what = 'allowed';
    results.push(measurement(name, median(times), 'ms', { what, value: ALLOWED }));
    results.push(
      measurement(`${name}, slowest of ${ROUNDS}`, Math.max(...times), 'ms', { what, value: ALLOWED }),
    );
  }
  return results;
}

function named(query: string): [string, string] {
  return [query.replace(/seed-(\w+)-\w+/, 'seed-$1'), `jobs?limit=${PAGE}&${query}`];
}

async function page(url: string, path: string) {
  return jobList.parse(await (await fetch(`${url}/v1/${path}`)).json());
}

/** The query of the page that follows so many. */
async function pageAfter(url: string, pages: number): Promise<string> {
  let path = `jobs?limit=${PAGE}`;
  for (let turned = 0; turned < pages; turned += 1) {
    path = `jobs?limit=${PAGE}&after=${(await page(url, path)).last_id ?? ''}`;
  }
  return path;
}

async function someModel(url: string): Promise<string> {
  return (await page(url, 'jobs?kind=fine_tuning&limit=1')).data[0]?.model ?? '';
}
