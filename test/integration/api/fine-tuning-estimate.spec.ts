import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fineTuningEstimate } from '@prad/contracts';
import { newId } from '@prad/domain';
import { LocalBlobStore } from '@prad/storage';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { llamaLayout } from '../../../libs/adapter-files/testing/layouts.js';
import { addBaseModel, addJob, modelContent } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const tiny = join(process.cwd(), 'bundled/prad-tiny');
let api: ApiHarness;
let file: string;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
  await api.stopWorker();
  for (const name of ['seen', 'unseen']) await addBaseModel(api.database, name, { layout: llamaLayout });
  const blobs = new LocalBlobStore(api.blobFolder);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await blobs.put(`${modelContent.blobKey}/${name}`, await readFile(join(tiny, name)));
  }
  const lines = Array.from({ length: 2_100 }, () => '{"prompt":"a b ->","completion":" ok"}\n');
  const upload = await toFile(Buffer.from(lines.join('')), 'train.jsonl');
  file = (await api.openai.files.create({ file: upload, purpose: 'fine-tune' })).id;
});

afterAll(() => api.close());

async function estimate(model: string, prad: object = { rank: 2 }): Promise<Response> {
  return fetch(`${api.url}/v1/fine_tuning/estimate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, training_file: file, method: { type: 'prad', prad } }),
  });
}

async function estimated(model: string, prad?: object) {
  const response = await estimate(model, prad);
  expect(response.status).toBe(200);
  return fineTuningEstimate.parse(await response.json());
}

/** Three steps of a job on the model, at 100 tokens/s. */
async function measureJob(model: string): Promise<void> {
  const { id } = await addJob(api.database, model);
  const owner = newId('lease');
  await api.database.fineTuningJobs.claim(id, owner, 60_000);
  const step = { tokensPerSecond: 100, stepSeconds: 2 };
  await api.database.jobMetrics.append(
    id,
    owner,
    [1, 2, 3].map((place) => ({ step: place, ...step })),
  );
}

describe('an estimate', () => {
  it('counts parameters, tokens and steps, and knows no time before anything was measured', async () => {
    const found = await estimated('seen', { rank: 2, hyperparameters: { n_epochs: 2, batch_size: 10 } });
    const { layers, sites } = llamaLayout;
    const width = sites['mlp']?.inFeatures ?? Number.NaN;
    expect(found).toMatchObject({
      ...{ model: 'seen', rows: 2_100, sampled_rows: 2_000, steps: 420, epochs: 2 },
      trainable_parameters: layers * (2 * 2 * width + 2 + width),
      ...{ total_tokens: 2 * 2_100 * found.longest_row, tokens_per_epoch: 2_100 * found.longest_row },
      ...{ seconds: null, tokens_per_second: null, time_basis: null, measured_jobs: 0, workers: [] },
    });
    // Both weights and their copy, at the least.
    expect(found.memory_bytes).toBeGreaterThan(8 * modelContent.parameterCount);
    expect((await api.database.fineTuningJobs.list('default', { limit: 10 })).items).toEqual([]);
  });

  it('takes the time from jobs on the model, else from those on others by their size', async () => {
    await measureJob('seen');
    const same = await estimated('seen');
    expect(same).toMatchObject({ tokens_per_second: 100, time_basis: 'model', measured_jobs: 1 });
    expect(same.seconds).toBeCloseTo(same.total_tokens / 100);
    expect(await estimated('unseen')).toMatchObject({ time_basis: 'other_models', tokens_per_second: 100 });
    expect(await estimated('seen', { adapter: 'full' })).toMatchObject({
      ...{ time_basis: null, trainable_parameters: modelContent.parameterCount },
      warnings: [expect.stringContaining('all 5000000000 weights')],
    });
  });

  it('tells the workers that train', async () => {
    const node = { host: 'h', pid: 1, slots: 1, device: 'cpu' };
    await api.database.workerNodes.register({ ...node, id: 'w1', roles: ['train'] });
    await api.database.workerNodes.register({ ...node, id: 'w2', roles: ['generate'] });
    expect((await estimated('seen')).workers).toEqual([{ id: 'w1', device: 'cpu', busy: false }]);
  });

  it.each([
    ['nope', { rank: 2 }, 404, 'model'],
    ['seen', { rank: 4_000 }, 400, 'method.prad.rank'],
    ['seen', { ranks: 2 }, 400, 'method.prad.ranks'],
  ])('is refused for %s with %o as the job would be', async (model, prad, status, param) => {
    const response = await estimate(model, prad);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });
});
