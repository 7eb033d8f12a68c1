import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../apps/cli/src/env.js';
import { Child } from '../../apps/cli/src/stack/child.js';
import { createEmptyDatabase } from '../integration/support/test-database.js';

type Variables = Readonly<Record<string, string>>;

const PRAD = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const KEY = 'hunter2-hunter2-hunter2';

let folder: string;
const running: Child[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-access-'));
});
afterAll(async () => {
  await Promise.all(running.map((child) => child.stop(10_000)));
  await rm(folder, { recursive: true, force: true });
});

function environmentOf(variables: Variables): NodeJS.ProcessEnv {
  const { environment } = readSettings();
  return { ...environment, PRAD_DATA_DIR: folder, PORT: '0', DRAIN_MS: '100', ...variables };
}

/** Starts the API and returns its port. */
async function startApi(
  variables: Variables,
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const child = new Child({
    ...{ app: 'api', environment: environmentOf(variables), ready: /listening on http/, onLine },
  });
  running.push(child);
  return /:(\d+)$/.exec(await child.ready())?.[1] ?? '';
}

interface Run {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command of the command line to its end. */
function prad(variables: Variables, ...words: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      ...([process.execPath, [PRAD, ...words], { env: environmentOf(variables) }] as const),
      (_error, output, errors) => {
        resolve({ status: child.exitCode, output, errors: stripVTControlCharacters(errors) });
      },
    );
  });
}

describe('an address that others can reach', () => {
  it('is refused without a key, in one sentence', async () => {
    const variables = { DATABASE_URL: await createEmptyDatabase(), HOST: '0.0.0.0', LOG_LEVEL: 'warn' };
    const refused = startApi(variables);
    await expect(refused).rejects.toThrow(/exit code 1/);
    await expect(refused).rejects.toThrow(
      /prad api does not start: HOST is 0\.0\.0\.0, which others can reach, and there is no API key: set API_KEYS/,
    );
  });

  it('is served with a key of the environment, or one that has a row', async () => {
    const databaseUrl = await createEmptyDatabase();
    const variables = { DATABASE_URL: databaseUrl, HOST: '0.0.0.0', LOG_LEVEL: 'warn' };
    expect(await startApi({ ...variables, API_KEYS: KEY })).toMatch(/^\d+$/);
    expect((await prad({ DATABASE_URL: databaseUrl }, 'keys', 'create')).status).toBe(0);
    const port = await startApi(variables);
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401);
  });
});

describe('prad keys', () => {
  it('makes, lists and revokes keys, which open the API to the other commands', async () => {
    const databaseUrl = await createEmptyDatabase();
    const rows = { DATABASE_URL: databaseUrl };
    const created = await prad(rows, 'keys', 'create', '--project', 'team', '--name', 'laptop');
    expect(created).toMatchObject({
      status: 0,
      output: expect.stringMatching(/^prad_[\w-]{43}\n$/) as string,
    });
    const secret = created.output.trim();
    const id = /key-\w+/.exec(created.errors)?.[0] ?? '';
    const { output: listed } = await prad(rows, 'keys', 'list', '--json');
    expect(JSON.parse(listed)).toMatchObject([{ id, project: 'team', name: 'laptop', revokedAt: null }]);
    expect(listed).not.toContain(secret);
    expect((await prad(rows, 'keys', 'list')).output).toContain(`${secret.slice(0, 12)}...`);

    const PRAD_API_URL = `http://127.0.0.1:${await startApi({ ...rows, LOG_LEVEL: 'warn' })}`;
    expect(await prad({ PRAD_API_URL, PRAD_API_KEY: secret }, 'jobs', 'list')).toMatchObject({ status: 0 });
    const without = await prad({ PRAD_API_URL }, 'jobs', 'list');
    expect(without.status).toBe(1);
    expect(without.errors).toMatch(/^error: this server asks for an API key.*\nhint: set PRAD_API_KEY.*\n$/);
    const wrong = await prad({ PRAD_API_URL, PRAD_API_KEY: `${secret}x` }, 'jobs', 'list');
    expect(wrong.status).toBe(1);
    expect(wrong.errors).toMatch(/^error: the API key is not.*\nhint: set PRAD_API_KEY.*\n$/);
    expect(wrong.errors).not.toContain(secret);

    const revoked = await prad(rows, 'keys', 'revoke', id);
    expect(revoked).toMatchObject({
      status: 0,
      output: expect.stringContaining(`${id} is revoked`) as string,
    });
    expect(revoked.errors).toContain('no key is left');
    const unknown = await prad(rows, 'keys', 'revoke', 'key-none');
    expect(unknown.status).toBe(1);
    expect(unknown.errors).toMatch(/^error: there is no API key named "key-none"\nhint: `prad keys list`/);
  });
});

describe('the log', () => {
  it('holds no secret, whatever is asked, refused or broken', async () => {
    const lines: string[] = [];
    const databaseUrl = await createEmptyDatabase();
    const password = new URL(databaseUrl).password;
    expect(password.length).toBeGreaterThan(8);
    const variables = { DATABASE_URL: databaseUrl, API_KEYS: KEY, LOG_LEVEL: 'trace' };
    const port = await startApi(variables, (line) => lines.push(line));
    const url = `http://127.0.0.1:${port}`;
    const secret = `prad_${'s3cr3t-'.repeat(7)}`;
    const ask = (path: string, authorization: string) => fetch(url + path, { headers: { authorization } });
    expect((await ask('/v1/models', `Bearer ${KEY}`)).status).toBe(200);
    expect((await ask('/v1/models', `Bearer ${secret}`)).status).toBe(401);
    expect((await ask(`/v1/models?api_key=${KEY}&limit=7`, 'Basic aHVudGVyMg==')).status).toBe(401);
    expect((await ask(`/v1/nothing/${secret}`, `Bearer ${KEY}`)).status).toBe(404);
    await expect.poll(() => lines.filter((line) => line.includes('"res"')).length).toBe(4);
    const text = lines.join('\n');
    expect(text).toContain('/v1/models?api_key=[secret]&limit=7');
    expect(text).not.toContain(KEY);
    expect(text).not.toContain('s3cr3t');
    expect(text).not.toContain('aHVudGVyMg');
    expect(text).not.toContain(password);
  });

  it('names a database that does not answer without its password', async () => {
    const refused = startApi({ DATABASE_URL: 'postgres://prad:hunter2hunter2@127.0.0.1:1/prad' });
    await expect(refused).rejects.toThrow(/cannot connect to the database at postgres:\/\/prad:/);
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });
});
