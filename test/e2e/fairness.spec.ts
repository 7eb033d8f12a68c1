import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { MODEL } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  const importer = await cluster.startWorker();
  const source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
  await importModel(cluster.client, { source, name: MODEL });
  await importer.stop(20_000);
});

afterAll(() => cluster.stop());

it('lets projects take turns, whatever one of them heaps up', async () => {
  const clients = await Promise.all(
    ['many', 'few'].map(async (project) => {
      const { secret } = await cluster.database.apiKeys.create(project, '');
      return new ApiClient(cluster.client.url, secret);
    }),
  );
  const request = { model: MODEL, prompt: 'The inn ->', max_tokens: 4, temperature: 0 };
  const answers: Promise<{ id: string }>[] = [];
  for (const [index, asker] of [0, 0, 0, 0, 0, 0, 1, 1].entries()) {
    const answer = clients[asker]?.complete(request);
    if (answer) answers.push(answer);
    await until('the request in its row', async () =>
      (await cluster.database.inferenceJobs.countUnfinished()) > index ? true : undefined,
    );
  }
  await cluster.startWorker({ MAX_NUM_SEQS: '1' });
  const jobs = await Promise.all(
    (await Promise.all(answers)).map(({ id }) => cluster.database.inferenceJobs.get(id)),
  );
  const started = jobs.toSorted((a, b) => (a.startedAt?.getTime() ?? 0) - (b.startedAt?.getTime() ?? 0));
  expect(started.map(({ project }) => project).join(' ')).toBe('many few many few many many many many');
});
