import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { MODEL } from './support/training-run.js';
import { until } from './support/until.js';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/apps/cli/src/main.js');

let cluster: Cluster;
let out: string;
let grid: string[];

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker({ WORKER_ROLES: 'train,generate,import,evaluate' });
  await importModel(cluster.client, { source: join(root, 'bundled/prad-tiny'), name: MODEL });
  const data = join(cluster.dataFolder, 'data');
  await mkdir(join(data, 'sst2'), { recursive: true });
  for (const [split, count] of [
    ['train', 64],
    ['test', 8],
  ] as const) {
    const rows = Array.from({ length: count }, (_, i) => ({
      text: `place number ${i} is ${i % 2 === 0 ? 'lovely' : 'terrible'}`,
      sentiment: i % 2 === 0 ? 'positive' : 'negative',
    }));
    await writeFile(
      join(data, 'sst2', `${split}.jsonl`),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
  }
  out = join(cluster.dataFolder, 'out');
  grid = ['reproduce', '--model', MODEL, '--data', data, '--tasks', 'sst2', '--out', out, '--seeds', '1,2'];
});

afterAll(() => cluster.stop());

const environment = () => ({ ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' });
const short = ['--steps', '20', '--limit', '6'];

function prad(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [cli, ...args], { env: environment() });
}

it('goes on where it was killed, and submits nothing twice', async () => {
  const state = async () =>
    JSON.parse(await readFile(join(out, 'reproduce.json'), 'utf8').catch(() => '{"jobs":{}}')) as {
      jobs: Record<string, string>;
    };
  const first = spawn(process.execPath, [cli, ...grid, ...short], { env: environment(), stdio: 'ignore' });
  await until('three trainings to be submitted', async () =>
    Object.keys((await state()).jobs).length >= 3 ? true : undefined,
  );
  first.kill('SIGKILL');
  await once(first, 'exit');
  const before = (await state()).jobs;

  const { stdout } = await prad(...grid, ...short);
  const after = (await state()).jobs;
  expect(after).toMatchObject(before);
  expect(Object.keys(after)).toHaveLength(8);
  // One more than it knew of may be there: that of the moment in which it was killed.
  const jobs = await cluster.database.fineTuningJobs.list('default', { limit: 100 });
  expect(jobs.items.length).toBeLessThanOrEqual(9);

  expect(stdout).toContain('## sst2, 6 samples');
  for (const row of ['base | -', 'adapter | prompt', 'adapter | all', 'lora | prompt', 'lora | all'])
    expect(stdout).toContain(`| ${row} |`);
  expect(await readFile(join(out, 'reproduce.md'), 'utf8')).toBe(stdout);
  const csv = (await readFile(join(out, 'reproduce.csv'), 'utf8')).trim().split('\n');
  expect(csv).toHaveLength(1 + 9);

  expect((await prad(...grid, ...short)).stdout).toBe(stdout);
  await expect(prad(...grid, '--steps', '21')).rejects.toThrow(/a grid with other settings/);
});

it('says what is missing in one sentence', async () => {
  const elsewhere = ['--out', join(out, 'mt')];
  await expect(prad(...grid, '--tasks', 'mt', ...elsewhere)).rejects.toThrow(
    /there is no .*mt\/train\.jsonl/,
  );
  await expect(prad(...grid, '--tasks', 'poetry', ...elsewhere)).rejects.toThrow(/unknown task "poetry"/);
});
