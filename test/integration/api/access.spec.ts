import { newId } from '@prad/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { APIError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, addJob, modelContent } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const ENVIRONMENT_KEY = 'a-secret-of-the-environment';
const LINE = '{"prompt":"a","completion":"b"}\n';

let api: ApiHarness;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase(), undefined, { apiKeys: [ENVIRONMENT_KEY] });
  await addBaseModel(api.database, 'shared-base');
});
afterAll(() => api.close());

function get(path: string, secret?: string, to = api): Promise<Response> {
  return fetch(`${to.url}${path}`, secret === undefined ? {} : { headers: bearer(secret) });
}

function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}

function clientOf(secret: string): OpenAI {
  return new OpenAI({ apiKey: secret, baseURL: `${api.url}/v1`, maxRetries: 0 });
}

async function newClient(project: string): Promise<OpenAI> {
  return clientOf((await api.database.apiKeys.create(project, '')).secret);
}

describe('a request', () => {
  it('needs a key on every documented route but the probes', async () => {
    const docs = (await (await get('/docs-json', ENVIRONMENT_KEY)).json()) as {
      paths: Record<string, Record<string, object>>;
    };
    const routes = Object.entries(docs.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x')] as const),
    );
    expect(routes.length).toBeGreaterThan(15);
    const open: string[] = [];
    for (const [method, path] of routes) {
      const response = await fetch(api.url + path, { method });
      if (response.status !== 401) open.push(`${method} ${path}`);
    }
    expect(open.sort()).toEqual(['GET /health', 'GET /ready']);
  });

  it.each([
    '/v1/nothing',
    '/%76%31/files',
    '/docs',
    '/docs-json',
    '/docs/swagger-ui.css',
    '/metrics',
    '/metrics?x',
    '/internal/scaling/train',
  ])('for %s is refused without a key', async (path) => {
    const response = await fetch(api.url + path);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining('this server asks for an API key') as string,
        ...{ type: 'authentication_error', param: null, code: 'missing_api_key' },
      },
    });
  });

  it.each([
    ['GET', '/'],
    ['HEAD', '/'],
    ['GET', '/health'],
    ['GET', '/ready'],
  ])('for the page and the probes needs none: %s %s', async (method, path) => {
    expect((await fetch(api.url + path, { method })).status).toBe(200);
  });

  it('for the page by another method than GET does', async () => {
    expect((await fetch(`${api.url}/anything`, { method: 'POST' })).status).toBe(401);
  });

  it('is refused with a key that is not known or not a bearer’s', async () => {
    const wrong = await get('/v1/models', `${ENVIRONMENT_KEY}x`);
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    for (const authorization of [`Basic ${ENVIRONMENT_KEY}`, ENVIRONMENT_KEY, 'Bearer', 'Bearer  ']) {
      expect((await fetch(`${api.url}/v1/models`, { headers: { authorization } })).status).toBe(401);
    }
    await expect(clientOf('sk-wrong').models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('is let in with a key of the environment, for the default project', async () => {
    expect((await get('/metrics', ENVIRONMENT_KEY)).status).toBe(200);
    const client = clientOf(ENVIRONMENT_KEY);
    const file = await client.files.create({ file: await toFile(Buffer.from(LINE)), purpose: 'fine-tune' });
    expect(await api.database.dataFiles.get(file.id)).toMatchObject({ project: 'default' });
  });

  it('is let in with a key’s row until that is revoked', async () => {
    const { key, secret } = await api.database.apiKeys.create('revoked', '');
    await expect.poll(async () => (await get('/v1/models', secret)).status, { timeout: 5_000 }).toBe(200);
    await expect
      .poll(async () => (await api.database.apiKeys.list()).find(({ id }) => id === key.id)?.lastUsedAt)
      .toBeInstanceOf(Date);
    await api.database.apiKeys.revoke(key.id);
    await expect.poll(async () => (await get('/v1/models', secret)).status, { timeout: 5_000 }).toBe(401);
  });
});

describe('two projects', () => {
  let mine: OpenAI;
  let theirs: OpenAI;

  beforeAll(async () => {
    [mine, theirs] = [await newClient('mine'), await newClient('theirs')];
    // A key is known at the latest after this time.
    await sleep(600);
  });

  async function upload(client: OpenAI): Promise<string> {
    const file = await toFile(Buffer.from(LINE.repeat(3)), 'train.jsonl');
    return (await client.files.create({ file, purpose: 'fine-tune' })).id;
  }

  async function idsOf(list: AsyncIterable<{ id: string }>): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of list) ids.push(id);
    return ids;
  }

  /** Refused in the words that an id gets which nobody has. */
  async function unknown(call: (id: string) => Promise<unknown>, id: string): Promise<void> {
    const madeUp = id.replace(/.{8}$/, 'zzzzzzzz');
    const refusal = await call(madeUp).catch((error: unknown) => error as APIError);
    expect(refusal).toMatchObject({ status: 404 });
    const { message, code } = refusal as APIError;
    await expect(call(id)).rejects.toMatchObject({ status: 404, code, message: message.replace(madeUp, id) });
  }

  it('see their own files alone', async () => {
    const [own, other] = [await upload(mine), await upload(theirs)];
    expect(await idsOf(mine.files.list())).toEqual([own]);
    await unknown((id) => mine.files.retrieve(id), other);
    await unknown((id) => mine.files.content(id), other);
    await unknown((id) => mine.files.delete(id), other);
    await expect(mine.files.list({ after: other })).rejects.toMatchObject({ code: 'unknown_cursor' });
    expect(await theirs.files.retrieve(other)).toMatchObject({ id: other });
  });

  it('see their own jobs and adapters alone, and the base models together', async () => {
    const training_file = await upload(theirs);
    await unknown(
      (id) => mine.fineTuning.jobs.create({ model: 'shared-base', training_file: id }),
      training_file,
    );
    const { id } = await theirs.fineTuning.jobs.create({ model: 'shared-base', training_file });
    await expect
      .poll(async () => (await theirs.fineTuning.jobs.retrieve(id)).status, { timeout: 60_000 })
      .toBe('succeeded');
    const adapter = (await theirs.fineTuning.jobs.retrieve(id)).fine_tuned_model!;
    const { jobs } = mine.fineTuning;
    expect(await idsOf(jobs.list())).toEqual([]);
    await unknown((job) => jobs.retrieve(job), id);
    await unknown((job) => jobs.cancel(job), id);
    await unknown((job) => jobs.listEvents(job), id);
    await unknown((job) => jobs.checkpoints.list(job), id);
    const evaluation = { model: 'shared-base', file: training_file, metrics: ['bleu'] };
    const evaluated = await theirs.post<{ id: string }>('/evaluations', { body: evaluation });
    await unknown((name) => mine.get(`/evaluations/${name}`), evaluated.id);
    await unknown((name) => mine.get(`/evaluations/${name}/events`), evaluated.id);
    expect(await idsOf(mine.models.list())).toEqual(['shared-base']);
    expect(await idsOf(theirs.models.list())).toEqual(['shared-base', adapter]);
    await unknown((model) => mine.models.retrieve(model), adapter);
    await unknown((model) => mine.models.delete(model), adapter);
    await unknown((model) => mine.completions.create({ model, prompt: 'x' }), adapter);
    await unknown(
      (model) => mine.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] }),
      adapter,
    );
    const answer = await theirs.completions.create({ model: adapter, prompt: 'x', max_tokens: 1 });
    expect(await api.database.inferenceJobs.get(answer.id)).toMatchObject({ project: 'theirs', adapter });
    expect(await mine.completions.create({ model: 'shared-base', prompt: 'x', max_tokens: 1 })).toBeDefined();
  });

  it('see base models that their own trainings made alone, and delete them alone', async () => {
    const { fineTuningJobs } = api.database;
    const [{ id: job }, owner, tuned] = [
      await addJob(api.database, 'shared-base', 'theirs'),
      newId('lease'),
      'tuned-base',
    ];
    await fineTuningJobs.claim(job, owner, 10_000);
    await fineTuningJobs.succeed(job, owner, { model: { ...modelContent, id: tuned }, trainedTokens: 1 });
    const training_file = await upload(mine);
    expect(await idsOf(mine.models.list())).toEqual(['shared-base']);
    expect(await idsOf(theirs.models.list())).toContain(tuned);
    await unknown((model) => mine.models.retrieve(model), tuned);
    await unknown((model) => mine.models.delete(model), tuned);
    await unknown((model) => mine.completions.create({ model, prompt: 'x' }), tuned);
    await unknown((model) => mine.fineTuning.jobs.create({ model, training_file }), tuned);
    expect(await theirs.completions.create({ model: tuned, prompt: 'x', max_tokens: 1 })).toBeDefined();
    expect(await theirs.models.retrieve(tuned)).toMatchObject({ prad: { kind: 'base', source: job } });
    await expect(theirs.models.delete(tuned)).rejects.toMatchObject({ code: 'model_in_use' });
    const unused = await addJob(api.database, 'shared-base', 'theirs');
    await fineTuningJobs.claim(unused.id, owner, 10_000);
    const model = { ...modelContent, id: 'unused-base' };
    await fineTuningJobs.succeed(unused.id, owner, { model, trainedTokens: 1 });
    await theirs.models.delete(model.id);
    await unknown((id) => theirs.models.retrieve(id), model.id);
    const result = { kind: 'base_model', id: model.id };
    expect(await fineTuningJobs.get(unused.id)).toMatchObject({ status: 'succeeded', result });
  });
});

describe('without any key', () => {
  let open: ApiHarness;

  beforeAll(async () => {
    open = await startApi(await createEmptyDatabase());
  });
  afterAll(() => open.close());

  it('everybody on this machine works in the default project, until there is one', async () => {
    expect((await get('/v1/models', undefined, open)).status).toBe(200);
    expect((await get('/v1/models', 'whatever-a-client-sends', open)).status).toBe(200);
    const { key, secret } = await open.database.apiKeys.create('first', '');
    const status = async (sent?: string) => (await get('/v1/models', sent, open)).status;
    await expect.poll(() => status(), { timeout: 5_000 }).toBe(401);
    expect(await status(secret)).toBe(200);
    await open.database.apiKeys.revoke(key.id);
    await expect.poll(() => status(), { timeout: 5_000 }).toBe(200);
  });

  it('an API that others reach lets nobody in', async () => {
    const reachable = await startApi(await createEmptyDatabase(), undefined, { host: '0.0.0.0' });
    const response = await get('/v1/models', undefined, reachable);
    await reachable.close();
    expect(response.status).toBe(401);
  });
});

describe('the token of the autoscaler', () => {
  it('opens the scaling figures, and nothing else does or is opened', async () => {
    const [key, scalingToken] = ['a-key-beside-the-token', 'a-token-beside-the-key'];
    const scaled = await startApi(await createEmptyDatabase(), undefined, { apiKeys: [key], scalingToken });
    const status = async (path: string, secret?: string) => (await get(path, secret, scaled)).status;
    expect(await status('/internal/scaling/train', scalingToken)).toBe(200);
    expect(await status('/internal/scaling/train', key)).toBe(401);
    expect(await status('/internal/scaling/train')).toBe(401);
    expect(await status('/v1/models', scalingToken)).toBe(401);
    expect(await status('/metrics', scalingToken)).toBe(401);
    expect(await status('/v1/models', key)).toBe(200);
    await scaled.close();
  });
});

describe('the limit of requests', () => {
  it('counts each key for itself, and spares probes, page and internal routes', async () => {
    const apiKeys = ['first-key-of-the-test', 'second-key-of-the-test'] as const;
    const limited = await startApi(await createEmptyDatabase(), undefined, {
      apiKeys,
      rateLimitPerMinute: 3,
    });
    for (let i = 0; i < 3; i++) expect((await get('/v1/models', apiKeys[0], limited)).status).toBe(200);
    const refused = await get('/v1/models', apiKeys[0], limited);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null },
    });
    expect((await get('/v1/models', apiKeys[1], limited)).status).toBe(200);
    for (let i = 0; i < 5; i++) {
      expect((await get('/health', undefined, limited)).status).toBe(200);
      expect((await get('/', undefined, limited)).status).toBe(200);
      expect((await get('/internal/scaling/train', apiKeys[0], limited)).status).toBe(200);
    }
    await limited.close();
  });

  it('counts addresses where there are no keys', async () => {
    const limited = await startApi(await createEmptyDatabase(), undefined, { rateLimitPerMinute: 1 });
    expect((await get('/v1/models', undefined, limited)).status).toBe(200);
    expect((await get('/v1/models', 'whatever', limited)).status).toBe(429);
    await limited.close();
  });
});

describe('the headers of an answer', () => {
  it.each(['/', '/health', '/v1/models', '/docs'])('keep browsers to this host: %s', async (path) => {
    const { headers } = await get(path, ENVIRONMENT_KEY);
    const policy = headers.get('content-security-policy')?.split(/; ?/);
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy?.join()).not.toContain('upgrade-insecure-requests');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  it('leave the documentation’s page without scripts of its own, which the policy would stop', async () => {
    const page = await (await get('/docs', ENVIRONMENT_KEY)).text();
    expect(page).toContain('swagger-ui-bundle.js');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    expect(page).not.toMatch(/\son\w+=/);
  });
});
