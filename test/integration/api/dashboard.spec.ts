import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const PAGE = '<!doctype html><title>the page</title>';

let folder: string;
let api: ApiHarness;
let databaseUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-dashboard-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets/index-abc123.js'), 'export {};');
  databaseUrl = await createEmptyDatabase();
  api = await startApi(databaseUrl, undefined, { dashboardFolder: folder });
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

function browse(path: string, accept = 'text/html,application/xhtml+xml,*/*;q=0.8'): Promise<Response> {
  return fetch(`${api.url}${path}`, { headers: { accept } });
}

describe('the dashboard', () => {
  it.each(['/', '/jobs', '/jobs/ftjob-1?with=ftjob-2', '/adapters', '/no-such-screen'])(
    'is served at %s to a browser, and asked for anew each time',
    async (path) => {
      const response = await browse(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toBe(PAGE);
    },
  );

  it('lets browsers keep the files with a hash in their name for a year, and no others', async () => {
    const script = await browse('/assets/index-abc123.js', '*/*');
    expect(script.headers.get('content-type')).toContain('javascript');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await browse('/favicon.svg')).headers.get('cache-control')).toBe('no-cache');
    expect((await browse('/assets/index-gone.js', '*/*')).status).toBe(404);
  });

  it.each([
    '/v1/nothing',
    '/v1',
    '/internal/nothing',
    '/docs/nothing.js',
    '/metrics/nothing',
    '/health/nothing',
  ])('leaves %s to the API, whose errors are JSON', async (path) => {
    const response = await browse(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toHaveProperty('error.message');
  });

  it('hides none of the API', async () => {
    expect(await (await browse('/health')).json()).toEqual({ status: 'ok' });
    expect(await (await browse('/metrics')).text()).toContain('prad_http_request_duration_seconds');
    expect(await (await browse('/docs-json')).json()).toHaveProperty('paths');
    expect(await (await browse('/docs')).text()).toContain('swagger');
    expect(await (await browse('/v1/models')).json()).toHaveProperty('data');
  });

  it('answers only GET with its page', async () => {
    const response = await fetch(`${api.url}/jobs`, { method: 'POST', headers: { accept: 'text/html' } });
    expect(response.status).toBe(404);
    expect(await response.json()).toHaveProperty('error.code', 'unknown_route');
  });

  it('says in one sentence that it was not built', async () => {
    const bare = await startApi(databaseUrl, undefined, { dashboardFolder: join(folder, 'nothing') });
    const response = await fetch(bare.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^The dashboard was not built: [^\n.]+\.\n$/);
    expect((await fetch(`${bare.url}/jobs`, { headers: { accept: 'text/html' } })).status).toBe(404);
    await bare.close();
  });
});
