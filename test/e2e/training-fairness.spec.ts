import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FineTuningJob } from '@prad/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { MODEL } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;
let file: string;

const train = { WORKER_ROLES: 'train' };

beforeAll(async () => {
  cluster = await Cluster.start();
  const importer = await cluster.startWorker();
  const source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
  await importModel(cluster.client, { source, name: MODEL });
  await importer.stop(20_000);
  file = join(cluster.dataFolder, 'train.jsonl');
  await writeFile(file, '{"prompt": "The inn ->", "completion": " warm"}\n'.repeat(8));
  for (const name of names) projects.set(name, await openProject(name));
});

afterAll(() => cluster.stop());

const names = ['many', 'some', 'one', 'crowd', 'other', 'cancelling'] as const;

/** A client of a project and the id of its training file. */
async function openProject(name: string) {
  const { secret } = await cluster.database.apiKeys.create(name, '');
  const client = new ApiClient(cluster.client.url, secret);
  // A server learns of new keys within half a second.
  await until('the key to be known', () => client.files().catch(() => undefined));
  return { client, training_file: (await client.uploadFile(file)).id };
}

type Project = Awaited<ReturnType<typeof openProject>>;

const projects = new Map<string, Project>();

const projectOf = (name: (typeof names)[number]) => projects.get(name)!;

async function submit({ client, training_file }: Project, steps: number, priority = 0): Promise<string> {
  const hyperparameters = { max_steps: steps, batch_size: 4, evaluation_steps: 0 };
  const method = { type: 'prad' as const, prad: { rank: 2, hyperparameters } };
  return (await client.createJob({ model: MODEL, training_file, method, priority })).id;
}

const jobOf = (id: string) => cluster.database.fineTuningJobs.get(id);

/** The jobs in the order in which workers took them, when all have ended. */
async function taken(ids: readonly string[]): Promise<FineTuningJob[]> {
  const jobs = await Promise.all(
    ids.map((id) =>
      until(`the end of ${id}`, async () => {
        const job = await jobOf(id);
        return job.status === 'succeeded' ? job : undefined;
      }),
    ),
  );
  return jobs.toSorted((a, b) => a.startedAt!.getTime() - b.startedAt!.getTime());
}

it('lets projects take turns on two workers, and the urgent go first', async () => {
  const [many, some, one] = [projectOf('many'), projectOf('some'), projectOf('one')];
  const ids = [];
  for (const project of [many, many, many, some, some, one]) ids.push(await submit(project, 60));
  const urgent = await submit(many, 60, -1);
  await Promise.all([cluster.startWorker(train), cluster.startWorker(train)]);
  const order = (await taken([...ids, urgent])).map(({ id }) => id);
  const [many1, many2, many3, some1, some2, one1] = ids;
  const fair = [urgent, many1, some1, one1, many2, some2, many3];
  // Two workers take two jobs in the same moment, so that neighbours may change places.
  for (const [place, id] of fair.entries()) {
    const far = Math.abs(order.indexOf(id!) - place);
    expect(far, `job ${place} of ${fair.join(', ')} in ${order.join(', ')}`).toBeLessThanOrEqual(1);
  }
});

it('is at no more jobs of a project than the limit, and others need not wait for that', async () => {
  await Promise.all(cluster.workers.map((worker) => worker.stop(20_000)));
  const [crowd, other] = [projectOf('crowd'), projectOf('other')];
  const endless = [await submit(crowd, 1_000_000), await submit(crowd, 1_000_000)];
  const limited = { ...train, MAX_TRAININGS_PER_PROJECT: '1', WORKER_LEASE_MS: '2000' };
  await Promise.all([cluster.startWorker(limited), cluster.startWorker(limited)]);
  const running = async () =>
    (await Promise.all(endless.map(jobOf))).filter(({ status }) => status === 'running').length;
  await until('the first to run', async () => ((await running()) === 1 ? true : undefined));
  const [job] = await taken([await submit(other, 20)]);
  expect(job!.project).toBe('other');
  expect(await running()).toBe(1);
  const first = (await jobOf(endless[0]!)).status === 'running' ? endless[0]! : endless[1]!;
  await crowd.client.cancelJob(first);
  await until('the second to run', async () =>
    (await Promise.all(endless.map(jobOf))).every(({ status, id }) =>
      id === first ? status === 'cancelled' : status === 'running',
    )
      ? true
      : undefined,
  );
  for (const id of endless) await crowd.client.cancelJob(id).catch(() => undefined);
});

it('tells that a running job is being cancelled', async () => {
  const project = projectOf('cancelling');
  const id = await submit(project, 1_000_000);
  await until('it to run', async () => ((await jobOf(id)).status === 'running' ? true : undefined));
  expect((await project.client.cancelJob(id)).status).toBe('cancelling');
  await until('its end', async () => ((await jobOf(id)).status === 'cancelled' ? true : undefined));
  expect((await project.client.job(id)).status).toBe('cancelled');
});
