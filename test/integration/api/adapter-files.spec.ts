import {
  decodeAdapter,
  encodeAdapter,
  encodeAdapterFolder,
  type AdapterFolderBytes,
} from '@prad/adapter-files';
import { adapterObject, errorBody, modelObject } from '@prad/contracts';
import { newAdapterName, type JsonObject } from '@prad/domain';
import { LocalBlobStore } from '@prad/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filled, llamaLora } from '../../../libs/adapter-files/testing/files.js';
import { llamaLayout } from '../../../libs/adapter-files/testing/layouts.js';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

let api: ApiHarness;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
  await addBaseModel(api.database, 'known', { layout: llamaLayout as unknown as JsonObject });
  await addBaseModel(api.database, 'old');
});

afterAll(() => api.close());

const lora = encodeAdapterFolder(llamaLora());

function send(folder: Partial<AdapterFolderBytes>, fields: Record<string, string>): Promise<Response> {
  const form = new FormData();
  if (folder.config) form.append('adapter_config', new Blob([new Uint8Array(folder.config)]), 'a.json');
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (folder.weights) form.append('adapter_model', new Blob([new Uint8Array(folder.weights)]), 'b');
  return fetch(`${api.url}/v1/adapters`, { method: 'POST', body: form });
}

async function imported(fields: Record<string, string> = {}) {
  const response = await send(lora, { model: 'known', ...fields });
  expect(response.status).toBe(200);
  return adapterObject.parse(await response.json());
}

async function read(path: string): Promise<Uint8Array> {
  const response = await fetch(`${api.url}/v1/${path}`);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

describe('an adapter of PEFT’s', () => {
  it('is a model at once, as one that was trained here', async () => {
    const adapter = await imported({ suffix: 'theirs' });
    expect(adapter).toMatchObject({
      ...{ base: 'known', method: 'lora', scope: 'all', parameters: 56, in_use: false, task: null },
      options: { rank: 2, alpha: 6, scaling: 'rank', targets: ['q_proj', 'v_proj'] },
      versions: [{ version: 1, job: null, training_file: null }],
    });
    expect(adapter.id).toMatch(/^ft:known:theirs:[0-9a-z]{8}$/);
    const model = modelObject.parse(JSON.parse(Buffer.from(await read(`models/${adapter.id}`)).toString()));
    expect(model.prad).toMatchObject({ kind: 'adapter', digest: adapter.versions[0]?.digest });
    const artefact = await decodeAdapter(await read(`adapters/${adapter.id}/content`), 'content');
    expect(artefact).toMatchObject({ baseDigest: 'd'.repeat(64), baseModel: 'known', scope: 'all' });
    const answer = await api.openai.completions.create({ model: adapter.id, prompt: 'x', max_tokens: 2 });
    expect(answer.model).toBe(adapter.id);
  });

  it('is taken in the scope of prompts on request', async () => {
    expect((await imported({ scope: 'prompt' })).scope).toBe('prompt');
  });

  it('is exported byte for byte, and in our own form', async () => {
    const { id } = await imported();
    const weights = await fetch(`${api.url}/v1/adapters/${id}/export/adapter_model.safetensors`);
    expect(weights.headers.get('content-disposition')).toBe(
      'attachment; filename="adapter_model.safetensors"',
    );
    expect(Buffer.compare(new Uint8Array(await weights.arrayBuffer()), lora.weights)).toBe(0);
    const config = await read(`adapters/${id}/export/adapter_config.json?format=peft`);
    expect(JSON.parse(Buffer.from(config).toString())).toEqual(llamaLora().config);

    const files = ['adapter_config.json', 'adapter_model.safetensors'] as const;
    const [ours = lora.config, tensors = lora.weights] = await Promise.all(
      files.map((file) => read(`adapters/${id}/export/${file}?format=prad`)),
    );
    const again = await send({ config: ours, weights: tensors }, { model: 'known' });
    const [first, second] = [await imported(), adapterObject.parse(await again.json())];
    expect(second.versions[0]?.digest).toBe(first.versions[0]?.digest);
  });

  it('is deleted with its blob', async () => {
    const { id } = await imported();
    const { latest } = await api.database.adapters.get(id);
    expect((await fetch(`${api.url}/v1/models/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await fetch(`${api.url}/v1/adapters/${id}/content`)).status).toBe(404);
    expect(latest.jobId).toBeNull();
  });
});

describe('what is refused', () => {
  const config = (changes: object) => encodeAdapterFolder(llamaLora({ ...changes })).config;

  it.each<[string, Partial<AdapterFolderBytes>, Record<string, string>, number, object]>([
    [
      'a field',
      { config: config({ bias: 'all' }) },
      {},
      400,
      {
        code: 'unsupported_adapter_config',
        message: expect.stringMatching(/adapter_config.json: `bias`/) as string,
      },
    ],
    [
      'broken JSON',
      { config: Buffer.from('{') },
      {},
      400,
      { code: 'json_malformed', message: expect.stringMatching(/adapter_config.json/) as string },
    ],
    [
      'broken tensors',
      { weights: Buffer.from('x') },
      {},
      400,
      {
        code: 'safetensors_malformed',
        message: expect.stringMatching(/adapter_model.safetensors/) as string,
      },
    ],
    [
      'too large a file',
      { weights: Buffer.alloc(200_000) },
      {},
      400,
      { code: 'file_too_large', param: 'adapter_model' },
    ],
    ['an unknown model', {}, { model: 'none' }, 404, { code: 'model_not_found', param: 'model' }],
    ['a scope that is none', {}, { scope: 'x' }, 400, { code: 'invalid_form', param: 'scope' }],
    ['a field of the form', {}, { other: 'x' }, 400, { code: 'invalid_form' }],
    ['a base of an older version', {}, { model: 'old' }, 409, { code: 'base_model_without_layout' }],
  ])('%s', async (_what, folder, fields, status, error) => {
    const response = await send({ ...lora, ...folder }, { model: 'known', ...fields });
    expect(response.status).toBe(status);
    expect(errorBody.parse(await response.json()).error).toMatchObject(error);
  });

  it('a form without a file, and no form', async () => {
    const half = await send({ config: lora.config }, { model: 'known' });
    expect(errorBody.parse(await half.json()).error).toMatchObject({ param: 'adapter_model' });
    const json = await fetch(`${api.url}/v1/adapters`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(json.status).toBe(400);
  });

  it('a file or a format that there is not', async () => {
    const { id } = await imported();
    for (const file of ['x', 'adapter_config.json?format=gguf']) {
      expect((await fetch(`${api.url}/v1/adapters/${id}/export/${file}`)).status).toBe(400);
    }
  });

  it('PEFT’s format for a method that it does not have', async () => {
    const id = newAdapterName('known', null);
    const shape = { baseDigest: 'd'.repeat(64), method: 'adapter', options: { rank: 1 }, scope: 'prompt' };
    const bytes = encodeAdapter({
      ...{ ...shape, baseModel: 'known' },
      tensors: filled({ 'model.layers.0.mlp.adapter.down.weight': [4, 1] }),
    });
    const blobKey = 'adapters/x/adapter.safetensors';
    await new LocalBlobStore(api.blobFolder).put(blobKey, bytes);
    const version = { blobKey, digest: 'a'.repeat(64), bytes: bytes.byteLength };
    const row = { ...shape, id, baseModel: 'known', parameterCount: 4, task: null };
    await api.database.adapters.create('default', row, version);
    const refused = await fetch(`${api.url}/v1/adapters/${id}/export/adapter_config.json`);
    expect(refused.status).toBe(409);
    expect(errorBody.parse(await refused.json()).error.code).toBe('not_expressible');
    await read(`adapters/${id}/export/adapter_config.json?format=prad`);
  });
});
