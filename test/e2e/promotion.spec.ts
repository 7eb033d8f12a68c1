import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FineTuningJobObject } from '@prad/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { ABLE, submitNotes, writeNotes } from './support/notes.js';
import { ended } from './support/training-run.js';
import { until } from './support/until.js';

const root = join(import.meta.dirname, '../..');

let cluster: Cluster;
let file: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker();
  await importModel(cluster.client, { source: join(root, 'bundled/prad-tiny'), name: ABLE });
  file = (await cluster.client.uploadFile(await writeNotes(cluster, 'validation'))).id;
});

afterAll(() => cluster.stop());

function gated(steps: number, adapter?: string): Promise<FineTuningJobObject> {
  const promote = { alias: 'production', adapter };
  const evaluation = { file, metrics: ['exact_match'], max_tokens: 4, promote };
  return submitNotes(cluster, steps, { evaluation });
}

/** The job once its gate has ended, too. */
async function judged(id: string): Promise<FineTuningJobObject['prad']> {
  expect((await ended(cluster, id, 150_000)).error).toBeNull();
  return until(
    'the verdict',
    async () => {
      const { prad } = await cluster.client.job(id);
      return prad.promotion === null ? undefined : prad;
    },
    150_000,
  );
}

async function aliasOf(adapter: string): Promise<number | undefined> {
  const { aliases } = await cluster.database.adapters.getDetail('default', adapter);
  return aliases.find(({ name }) => name === 'production')?.version;
}

async function verdictsOf(id: string): Promise<readonly string[]> {
  const events = await cluster.client.jobEvents(id);
  return events.map(({ message }) => message).filter((message) => message.includes('promoted to production'));
}

let adapter: string;

it('promotes the first adapter, which is better than the base model', async () => {
  const { id } = await gated(150);
  const { promotion, evaluation } = await judged(id);
  adapter = promotion?.adapter ?? '';
  expect(promotion).toMatchObject({ promoted: true, version: 1, alias: 'production', compared_with: null });
  expect(await aliasOf(adapter)).toBe(1);
  const { models, job } = await cluster.client.evaluation(evaluation?.id ?? '');
  expect(models.map(({ model }) => model)).toEqual([ABLE, `${adapter}@1`]);
  expect(job).toBe(id);
  expect(await verdictsOf(id)).toEqual([
    expect.stringMatching(/@1 was promoted to production: exact_match is/),
  ]);
});

it('does not promote a worse version, and says why', async () => {
  const { id } = await gated(1, adapter);
  const { promotion } = await judged(id);
  expect(promotion).toMatchObject({ promoted: false, adapter, version: 2, compared_with: 1 });
  expect(promotion?.reason).toMatch(
    /exact_match is 0\S* after \S+, which is worse: at least the same is needed/,
  );
  expect(await aliasOf(adapter)).toBe(1);
  expect(await verdictsOf(id)).toEqual([
    expect.stringContaining(`@2 was not promoted to production: ${promotion?.reason}`),
  ]);
});

it('ends the gate once, although workers are killed before and in the evaluation', async () => {
  await cluster.workers.at(-1)?.stop(20_000);
  const trainer = await cluster.startWorker({ WORKER_ROLES: 'train' });
  const { id } = await gated(150, adapter);
  expect((await ended(cluster, id, 150_000)).error).toBeNull();
  // It has recorded the evaluation, which nobody has begun.
  trainer.kill();
  await trainer.ended;
  const { evaluation, promotion } = (await cluster.client.job(id)).prad;
  expect(promotion).toBeNull();
  const evaluator = await cluster.startWorker({ WORKER_ROLES: 'evaluate' });
  await until('the evaluation under way', async () => {
    const { status } = await cluster.client.evaluation(evaluation?.id ?? '');
    return status === 'running' ? true : undefined;
  });
  // Nobody answers its requests, so it cannot have ended.
  evaluator.kill();
  await evaluator.ended;
  expect(await aliasOf(adapter)).toBe(1);
  await cluster.startWorker();
  const verdict = (await judged(id)).promotion;
  // The same training as the first: as good as the version that it is compared with.
  expect(verdict).toMatchObject({ promoted: true, version: 3, compared_with: 1 });
  expect(await aliasOf(adapter)).toBe(3);
  expect(await verdictsOf(id)).toHaveLength(1);
});

it('is asked for on the command line, which tells the verdict', async () => {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  const cli = join(root, 'dist/apps/cli/src/main.js');
  const size = ['--rank', '32', '--steps', '1', '--lr', '0.000001', '--seed', '7'];
  const gate = [
    '--eval-file',
    file,
    '--eval-metrics',
    'exact_match',
    '--promote',
    'production',
    '--version-of',
    adapter,
  ];
  const training = ['train', '--model', ABLE, '--file', await writeNotes(cluster, 'train')];
  const told = await promisify(execFile)(process.execPath, [cli, ...training, ...size, ...gate], { env });
  expect(told.stderr).toMatch(/@4 was not promoted to production: .*which is worse/);
  expect(await aliasOf(adapter)).toBe(3);
});

it('refuses gates that cannot be', async () => {
  const refused = (promote: object) =>
    submitNotes(cluster, 1, {
      evaluation: { file, metrics: ['bleu'], promote: { alias: 'production', ...promote } },
    });
  await expect(refused({ metric: 'ter' })).rejects.toThrow(/promote.metric` must be one of bleu, got "ter"/);
  await expect(refused({ alias: 'latest' })).rejects.toThrow(/promote.alias`/);
  await expect(refused({ adapter: 'ft:able::none0000' })).rejects.toThrow(/none0000/);
});
