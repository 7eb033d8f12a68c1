import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@prad/errors';
import { importBaseModel, openBaseModel, type BaseModel } from '@prad/models';
import type { BenchOptions } from '../bench-options.js';
import { measurement, median, type Measurement } from '../report.js';
import { withSmolLM2 } from '../smollm2.js';
import { makeProjects, type Project } from './projects.js';
import { ResidentMemory } from './resident-memory.js';
import { withServer, type Server } from './server.js';
import { keepOpen, type Seen } from './streams.js';

const MINUTES = 5;
/** Longest sequence, so that memory is that of the answers asked for and not of the model's whole context. */
const MAX_MODEL_LEN = 512;
/** Rows of the table of memory. */
const PARTS = 10;
/** Parts of the time until memory is to be flat. */
const WARM_UP = 2;

const models: Readonly<
  Record<string, (use: (model: BaseModel) => Promise<Measurement[]>) => Promise<Measurement[]>>
> = {
  smollm2: withSmolLM2,
  tiny: withBundled,
};

/**
 * 200 streams that are always open, of four projects that want unlike amounts, on API, worker and embedded Postgres with
 * their default settings but for the longest sequence: every answer arrives whole, memory stays flat, tokens come
 * evenly, and projects get equal shares. Ends the command with status 1 where an answer failed.
 */
export async function benchLoad({
  minutes = MINUTES,
  model = 'smollm2',
}: BenchOptions): Promise<Measurement[]> {
  const withModel = models[model];
  if (withModel === undefined) {
    throw new AppError({
      ...{ kind: 'invalid', code: 'bad_usage' },
      message: `--model takes ${Object.keys(models).join(' or ')}, got ${model}`,
    });
  }
  return withModel((base) =>
    withServer({ MAX_MODEL_LEN: String(MAX_MODEL_LEN) }, async (server) =>
      underLoad(server, await makeProjects(server.url, server.database, base), minutes),
    ),
  );
}

async function withBundled<T>(use: (model: BaseModel) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-'));
  try {
    await importBaseModel('bundled/prad-tiny', folder);
    return await use(await openBaseModel(folder, 'prad-tiny'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function underLoad(
  { api, worker }: Server,
  projects: readonly Project[],
  minutes: number,
): Promise<Measurement[]> {
  const model = projects[0]?.models[0] ?? '';
  console.log(`${model}, ${minutes} min, sequences of at most ${MAX_MODEL_LEN} tokens`);
  const memory = new ResidentMemory({ api: api.pid ?? 0, worker: worker.pid ?? 0 });
  const seen = await keepOpen(projects, Date.now() + minutes * 60_000);
  memory.stop();
  for (const error of seen.errors.slice(0, 10)) console.log(`failed: ${error}`);
  if (seen.errors.length > 0) process.exitCode = 1;
  console.table(memoryOverTime(memory.samples));
  return [
    ...ofStreams(seen, projects),
    ...projects.flatMap((project) => ofProject(seen, project, projects.length, minutes)),
    ...[...memory.samples].map(([name, samples]) => flatness(name, samples)),
  ];
}

function ofStreams({ answers, errors, leastOpen }: Seen, projects: readonly Project[]): Measurement[] {
  const all = projects.reduce((sum, { streams }) => sum + streams, 0);
  const gaps = answers.flatMap((answer) => answer.gaps);
  return [
    measurement('failed answers', errors.length, 'answers', {
      what: 'asked for',
      value: answers.length + errors.length,
    }),
    measurement('streams open at least', leastOpen, 'streams', { what: 'wanted', value: all }),
    measurement('time between texts of an answer, 95 %', quantile(gaps, 0.95), 'ms', {
      what: 'median',
      value: median(gaps),
    }),
  ];
}

function ofProject(
  { answers }: Seen,
  { name, streams }: Project,
  projects: number,
  minutes: number,
): Measurement[] {
  const inTime = answers.filter((answer) => answer.inTime);
  const tokens = (chosen: typeof answers): number => chosen.reduce((sum, answer) => sum + answer.tokens, 0);
  const own = inTime.filter(({ project }) => project === name);
  const waits = own.map(({ queueMs }) => queueMs / 1000);
  const seconds = 60 * minutes;
  return [
    measurement(`answered to ${name}, ${streams} streams`, tokens(own) / seconds, 'tokens/s', {
      what: 'equal share',
      value: tokens(inTime) / projects / seconds,
    }),
    measurement(`wait in the queue of ${name}, 95 %`, quantile(waits, 0.95), 's', {
      what: 'median',
      value: median(waits),
    }),
  ];
}

/** Resident memory of the last part against that of the first one after the warm-up. */
function flatness(name: string, samples: readonly number[]): Measurement {
  const parts = partsOf(samples);
  return measurement(`resident memory of the ${name}, at the end`, (parts.at(-1) ?? NaN) / 1e6, 'MB', {
    what: 'after the warm-up',
    value: (parts[WARM_UP] ?? NaN) / 1e6,
  });
}

function memoryOverTime(samples: ReadonlyMap<string, readonly number[]>): object[] {
  const columns = [...samples].map(([name, all]) => [name, partsOf(all)] as const);
  return Array.from({ length: PARTS }, (_, part) =>
    Object.fromEntries(
      columns.map(([name, parts]) => [`${name}, MB`, Math.round((parts[part] ?? NaN) / 1e6)]),
    ),
  );
}

/** The median of each part of the time. */
function partsOf(samples: readonly number[]): number[] {
  const size = samples.length / PARTS;
  return Array.from({ length: PARTS }, (_, part) =>
    median(samples.slice(Math.floor(part * size), Math.ceil((part + 1) * size))),
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
