import { adapterList, adapterObject, fineTuningJob } from '@prad/contracts';
import { newId } from '@prad/domain';
import { LocalBlobStore } from '@prad/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addFile } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const WEIGHTS = '0123456789';

let api: ApiHarness;
let blobs: LocalBlobStore;
let trainingFile: string;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
  await addBaseModel(api.database, 'tuned-base');
  trainingFile = await addFile(api.database);
  blobs = new LocalBlobStore(api.blobFolder);
});

afterAll(() => api.close());

function send(path: string, method: string, body?: object): Promise<Response> {
  return fetch(`${api.url}/v1/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

/** Trains an adapter whose weights are ten bytes, which its checkpoint has too. */
async function train(): Promise<{ readonly job: string; readonly adapter: string }> {
  const submitted = await send('fine_tuning/jobs', 'POST', {
    ...{ model: 'tuned-base', training_file: trainingFile, suffix: 'shown' },
  });
  const { id } = fineTuningJob.parse(await submitted.json());
  await blobs.put(`checkpoints/${id}`, Buffer.from(WEIGHTS));
  const read = async () => fineTuningJob.parse(await (await send(`fine_tuning/jobs/${id}`, 'GET')).json());
  await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe('succeeded');
  return { job: id, adapter: (await read()).fine_tuned_model ?? '' };
}

async function read(adapter: string) {
  return adapterObject.parse(await (await send(`adapters/${adapter}`, 'GET')).json());
}

describe('adapters', () => {
  it('tell where they come from', async () => {
    const { job, adapter } = await train();
    const shown = await read(adapter);
    expect(shown).toMatchObject({
      ...{
        id: adapter,
        base: 'tuned-base',
        method: 'adapter',
        scope: 'prompt',
        parameters: 123,
        in_use: false,
      },
      options: { rank: 16, scale: 1 },
      versions: [{ version: 1, digest: 'd'.repeat(64), bytes: 10, job, training_file: trainingFile }],
    });
    const listed = adapterList.parse(await (await send('adapters', 'GET')).json());
    expect(listed.data).toContainEqual(shown);
    expect((await send('adapters/ft:tuned-base::none', 'GET')).status).toBe(404);
  });

  it('and their checkpoints are downloaded as files', async () => {
    const { job, adapter } = await train();
    const weights = await send(`adapters/${adapter}/content`, 'GET');
    expect(weights.headers.get('content-disposition')).toBe(
      `attachment; filename="${adapter.replaceAll(':', '-')}.safetensors"`,
    );
    expect(weights.headers.get('content-length')).toBe('10');
    expect(await weights.text()).toBe(WEIGHTS);
    const [checkpoint] = (await api.openai.fineTuning.jobs.checkpoints.list(job)).data;
    const path = (of: string) => `fine_tuning/jobs/${of}/checkpoints/${checkpoint?.id ?? ''}/content`;
    const content = await send(path(job), 'GET');
    expect(content.headers.get('content-disposition')).toContain(`"${job}-step-3.safetensors"`);
    expect(await content.text()).toBe(WEIGHTS);
    const other = await send(path((await train()).job), 'GET');
    expect(other.status).toBe(404);
    expect(await other.json()).toMatchObject({ error: { code: 'checkpoint_not_found' } });
  });

  it('stay while a request asks for them, and are then deleted for good', async () => {
    const { job, adapter } = await train();
    await api.stopWorker();
    const waiting = newId('cmpl');
    await api.database.inferenceJobs.create({
      ...{
        id: waiting,
        project: 'default',
        endpoint: 'completion',
        baseModel: 'tuned-base',
        adapter,
        adapterVersion: 1,
        request: {},
      },
    });
    expect((await read(adapter)).in_use).toBe(true);
    const refused = await send(`models/${adapter}`, 'DELETE');
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: 'model_in_use' } });
    await api.database.inferenceJobs.requestCancel(waiting);

    expect(await (await send(`models/${adapter}`, 'DELETE')).json()).toMatchObject({ deleted: true });
    expect(await blobs.exists(`checkpoints/${job}`)).toBe(false);
    for (const path of [`models/${adapter}`, `adapters/${adapter}`, `adapters/${adapter}/content`]) {
      const gone = await send(path, 'GET');
      expect(gone.status).toBe(404);
      expect(await gone.json()).toMatchObject({ error: { code: 'model_deleted' } });
    }
    expect((await send(`models/${adapter}`, 'DELETE')).status).toBe(404);
    const asked = await send('completions', 'POST', { model: adapter, prompt: 'x' });
    expect(asked.status).toBe(404);
    expect(await asked.json()).toMatchObject({ error: { code: 'model_deleted', param: 'model' } });
    const listed = adapterList.parse(await (await send('adapters?limit=100', 'GET')).json());
    expect(listed.data.map(({ id }) => id)).not.toContain(adapter);
    const models: string[] = [];
    for await (const model of api.openai.models.list()) models.push(model.id);
    expect(models).not.toContain(adapter);
    expect(await (await send(`fine_tuning/jobs/${job}`, 'GET')).json()).toMatchObject({
      fine_tuned_model: adapter,
    });
    await api.startWorker();
  });

  it('that are deleted take no request and no new version, however close the race', async () => {
    const { adapter } = await train();
    await api.stopWorker();
    const ask = () =>
      api.database.inferenceJobs
        .create({
          ...{ id: newId('cmpl'), project: 'default', endpoint: 'completion' as const },
          ...{ baseModel: 'tuned-base', adapter, adapterVersion: 1, request: {} },
        })
        .then(
          () => 'asked',
          (error: unknown) => (error as { code: string }).code,
        );
    const erase = () =>
      api.database.adapters.delete('default', adapter).then(
        () => 'deleted',
        (error: unknown) => (error as { code: string }).code,
      );
    const [first, end, ...others] = await Promise.all([ask(), erase(), ask(), ask()]);
    const asked = [first, ...others];
    if (end === 'deleted') expect(asked).toEqual(['model_deleted', 'model_deleted', 'model_deleted']);
    else {
      expect(end).toBe('model_in_use');
      expect(asked).toEqual(['asked', 'asked', 'asked']);
    }
    await api.startWorker();
  });
});
