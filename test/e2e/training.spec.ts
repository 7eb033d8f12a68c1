import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { ended, MODEL, submitTraining } from './support/training-run.js';

const stores = [
  { store: 'PostgreSQL', redisUrl: undefined },
  { store: 'Redis', redisUrl: inject('redisUrl') },
];

describe.each(stores)('with the queue on $store', ({ store, redisUrl }) => {
  const missing = store === 'Redis' && redisUrl === undefined;
  let cluster: Cluster;

  beforeAll(async () => {
    if (missing) return;
    cluster = await Cluster.start({ redisUrl });
    await cluster.startWorker();
    const folder = join(cluster.dataFolder, 'source');
    await writeTinyModel(folder);
    await importModel(cluster.client, { source: folder, name: MODEL });
  });

  afterAll(async () => {
    if (!missing) await cluster.stop();
  });

  it.skipIf(missing)(
    'trains an adapter, keeps its checkpoints, and answers with it and the base',
    async () => {
      const { id } = await submitTraining(cluster, { suffix: 'warmth' });
      const job = await ended(cluster, id);
      expect(job).toMatchObject({
        status: 'succeeded',
        error: null,
        prad: { progress: { step: 6, total: 6 } },
      });
      expect(job.fine_tuned_model).toMatch(/^ft:tiny:warmth:[0-9a-z]{8}$/);
      expect(job.trained_tokens).toBeGreaterThan(0);

      const curve = await cluster.database.jobMetrics.series(id);
      expect(curve.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(curve.at(-1)!.validLoss!).toBeLessThan(curve[0]!.validLoss!);

      const { items: checkpoints } = await cluster.database.checkpoints.list(id, { limit: 10 });
      expect(checkpoints.map(({ step }) => step)).toEqual([6, 4, 2]);
      for (const { digest, blobKey } of checkpoints) {
        const bytes = await readFile(join(cluster.dataFolder, 'blobs', blobKey));
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
      }

      const adapter = job.fine_tuned_model!;
      const models = [MODEL, adapter, MODEL, adapter, MODEL, adapter];
      const request = { prompt: 'The inn number 3 ->', max_tokens: 90, temperature: 0 };
      const alone = await Promise.all(
        [MODEL, adapter].map((model) => cluster.client.complete({ ...request, model })),
      );
      const mixed = await Promise.all(models.map((model) => cluster.client.complete({ ...request, model })));
      const texts = alone.map(({ choices }) => choices[0]!.text);
      expect(texts[0]).not.toBe(texts[1]);
      mixed.forEach(({ choices, usage, prad }, index) => {
        expect(choices[0]!.text).toBe(texts[index % 2]);
        expect(usage.prompt_tokens).toBeGreaterThan(0);
        expect(prad.batch!.max_rows).toBeGreaterThan(0);
      });
      expect(Math.max(...mixed.map(({ prad }) => prad.batch!.max_rows))).toBeGreaterThan(1);

      let streamed = '';
      for await (const { choices } of cluster.client.streamCompletion({ ...request, model: adapter })) {
        streamed += choices[0]?.text ?? '';
      }
      expect(streamed).toBe(texts[1]);
    },
  );

  it.skipIf(missing)('makes the same adapter of the same seed', async () => {
    const first = await submitTraining(cluster);
    const second = await submitTraining(cluster);
    const other = await submitTraining(cluster, { seed: 8 });
    const digests: string[] = [];
    for (const { id } of [first, second, other]) {
      const { fine_tuned_model } = await ended(cluster, id);
      digests.push((await cluster.database.adapters.get(fine_tuned_model!)).latest.digest);
    }
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });
});
