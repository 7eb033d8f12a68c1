import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@prad/errors';
import { ApiClient } from '../api/api-client.js';
import type { CliSettings } from '../env.js';
import { note, print } from '../output/print.js';
import { BUNDLED_MODEL, ensureBundledModel } from '../stack/bundled-model.js';
import { levelOf, readableLine } from '../stack/log-line.js';
import { Stack } from '../stack/stack.js';
import { askMixed, scoreOf } from './ask.js';
import { shortcomings, type ScoredTask } from './check.js';
import { reportAnswers, reportScores, reportTraining } from './report.js';
import { trainTasks, type TrainedTask } from './train-tasks.js';

/** Held-out rows of each task that are shown. */
const SHOWN_ROWS = 3;

/** The whole idea at work, on a server of its own that leaves nothing behind. True when it showed what it promises. */
export async function demo(settings: CliSettings, verbose: boolean): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-demo-'));
  // The embedded database may run as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  try {
    note('starting PostgreSQL, API and worker ...');
    const stack = await Stack.start({
      settings: demoSettings(settings, folder),
      port: 0,
      onLine: shown(verbose),
    });
    try {
      return await run(new ApiClient(stack.url));
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(client: ApiClient): Promise<boolean> {
  note(`importing ${BUNDLED_MODEL} ...`);
  if (!(await ensureBundledModel(client))) throw modelMissing();
  note('training one adapter for each task ...');
  const trained = await trainTasks(client, BUNDLED_MODEL);
  reportTraining(trained);
  const mixed = await askMixed(client, BUNDLED_MODEL, trained, SHOWN_ROWS);
  reportAnswers(mixed);
  const scored = await Promise.all(trained.map((task) => score(client, task)));
  reportScores(scored);
  const problems = shortcomings(scored, mixed);
  for (const problem of problems) print(`demo: ${problem}`);
  print(problems.length === 0 ? 'demo: ok' : 'demo: failed');
  return problems.length === 0;
}

async function score(client: ApiClient, trained: TrainedTask): Promise<ScoredTask> {
  const [baseScore, adapterScore] = await Promise.all([
    scoreOf(client, BUNDLED_MODEL, trained.task),
    scoreOf(client, trained.adapter, trained.task),
  ]);
  return { ...trained, baseScore, adapterScore };
}

/** A fresh folder, a fresh database, this machine alone: neither the user's data nor the user's servers are touched. */
function demoSettings(settings: CliSettings, dataFolder: string): CliSettings {
  const environment = {
    ...settings.environment,
    ...{ DATABASE_URL: undefined, REDIS_URL: undefined, API_KEYS: undefined, HOST: '127.0.0.1' },
  };
  return {
    ...settings,
    apiUrl: undefined,
    apiKey: undefined,
    databaseUrl: undefined,
    dataFolder,
    environment,
  };
}

function shown(verbose: boolean): (part: string, line: string) => void {
  return (part, line) => {
    const grave = ['warn', 'error', 'fatal'].includes(levelOf(line));
    if (verbose || grave) note(readableLine(part, line));
  };
}

function modelMissing(): AppError {
  return new AppError({
    kind: 'notFound',
    code: 'bundled_model_missing',
    message: `bundled/${BUNDLED_MODEL}/model.safetensors is not there`,
  });
}
