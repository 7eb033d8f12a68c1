import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFolder } from '../../apps/cli/src/adapters/adapter-folder.js';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writePeftLora } from './support/peft-lora.js';
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

const request = { model: MODEL, prompt: 'The inn ->', max_tokens: 8, temperature: 0 };

/** Requests that wait once no worker is there. */
async function waiting(count: number): Promise<void> {
  await until('the requests in their rows', async () =>
    (await cluster.database.inferenceJobs.countUnfinished()) === count ? true : undefined,
  );
}

it('ends a request whose time is over, with or without a worker', async () => {
  await expect(cluster.client.complete({ ...request, timeout_seconds: 0.3 })).rejects.toMatchObject({
    ...{ kind: 'unavailable', code: 'deadline_exceeded' },
  });
  await waiting(0);
});

it('answers urgent requests first, and those of one priority in their order', async () => {
  const priorities = [0, 7, -3, 0, 7, -3];
  const answers: Promise<{ id: string }>[] = [];
  for (const [index, priority] of priorities.entries()) {
    answers.push(cluster.client.complete({ ...request, priority }));
    await waiting(index + 1);
  }
  await cluster.startWorker({ MAX_NUM_SEQS: '1' });
  const jobs = await Promise.all(
    (await Promise.all(answers)).map(({ id }) => cluster.database.inferenceJobs.get(id)),
  );
  const order = [...jobs.keys()].sort(
    (a, b) => (jobs[a]?.startedAt?.getTime() ?? 0) - (jobs[b]?.startedAt?.getTime() ?? 0),
  );
  expect(order).toEqual([2, 5, 0, 3, 1, 4]);
});

it('reads what prompts begin with once for each version of an adapter, and tells so', async () => {
  const prompt = `${'The inn by the old harbour was quiet, the rooms were clean and the staff kind. '.repeat(2)} ->`;
  const [one, two] = [join(cluster.dataFolder, 'one'), join(cluster.dataFolder, 'two')];
  await writePeftLora(one);
  await writePeftLora(two, 40);
  const fields = { model: MODEL, scope: 'prompt' } as const;
  const { id } = await cluster.client.importAdapter(await readFolder(one), fields);
  const ask = async (model: string) => {
    const { choices, usage } = await cluster.client.complete({ ...request, model, prompt });
    return { text: choices[0]?.text, cached: usage.prompt_tokens_details.cached_tokens };
  };
  const first = await ask(id);
  const again = await ask(id);
  expect(first.cached).toBe(0);
  expect(again.cached).toBeGreaterThanOrEqual(32);
  expect(again.text).toBe(first.text);
  await cluster.client.importAdapter(await readFolder(two), { ...fields, adapter: id });
  const [next, base, old] = [await ask(id), await ask(MODEL), await ask(`${id}@1`)];
  expect([next.cached, base.cached]).toEqual([0, 0]);
  expect(old).toEqual(again);
  expect(next.text).not.toBe(first.text);
});
