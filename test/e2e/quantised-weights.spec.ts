import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';

let cluster: Cluster;
let source: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker();
  source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
});

afterAll(async () => {
  await cluster.stop();
});

/** The copies that a model is said to have. */
async function copiesOf(id: string): Promise<readonly string[]> {
  const { prad } = await cluster.client.model(id);
  return prad.kind === 'base' ? prad.quantized : [];
}

it('an import makes the copies that are asked for, which every name of the same model then has', async () => {
  await importModel(cluster.client, { source, name: 'plain' });
  expect(await copiesOf('plain')).toEqual([]);
  await importModel(cluster.client, { source, name: 'eight', quantize: ['q8'] });
  expect([await copiesOf('plain'), await copiesOf('eight')]).toEqual([['q8'], ['q8']]);
  // Neither an import that asks for another copy nor one that asks for none loses those that are there.
  await importModel(cluster.client, { source, name: 'four', quantize: ['q4', 'w8a8', 'q4'] });
  await importModel(cluster.client, { source, name: 'none' });
  for (const name of ['plain', 'eight', 'four', 'none'])
    expect(await copiesOf(name)).toEqual(['q4', 'q8', 'w8a8']);
  const { blobKey } = await cluster.database.baseModels.getReady('plain');
  expect(await readdir(join(cluster.dataFolder, 'blobs', blobKey))).toEqual(
    expect.arrayContaining([
      'model.safetensors',
      ...['q4', 'q8', 'w8a8'].map((kind) => `model.${kind}.safetensors`),
    ]),
  );
});

it('refuses other kinds by name', async () => {
  const request = { source, name: 'five', quantize: ['q5'] as unknown as 'q4'[] };
  await expect(importModel(cluster.client, request)).rejects.toThrow(
    /`quantize` takes q4, q8 and w8a8, got "q5"/,
  );
});

it('a worker decodes with the copy that DECODE_WEIGHTS names, and tells how to make one that is missing', async () => {
  const folder = join(cluster.dataFolder, 'other');
  await writeTinyModel(folder, 2);
  await importModel(cluster.client, { source: folder, name: 'other' });
  await cluster.workers[0]!.stop(10_000);
  await cluster.startWorker({ DECODE_WEIGHTS: 'q8' });
  const request = { prompt: 'A plain ->', max_tokens: 8, temperature: 0 };
  const { usage } = await cluster.client.complete({ ...request, model: 'plain' });
  expect(usage.completion_tokens).toBeGreaterThan(0);
  await cluster.workers.at(-1)!.stop(10_000);
  await cluster.startWorker({ DECODE_WEIGHTS: 'w8a8', PREFILL_WEIGHTS: 'decode' });
  const lean = await cluster.client.complete({ ...request, model: 'plain' });
  expect(lean.usage).toEqual(usage);
  await expect(cluster.client.complete({ ...request, model: 'other' })).rejects.toThrow(
    /other has no w8a8 copy .*prad models import SOURCE --name NAME --quantize w8a8/,
  );
});
