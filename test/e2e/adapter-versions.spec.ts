import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { writePeftLora } from './support/peft-lora.js';
import { MODEL } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const STREAMS = 50;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(() => cluster.stop());

async function prad(...args: string[]): Promise<string> {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout.trim();
}

interface Heard {
  readonly text: string;
  readonly version: number | null | undefined;
}

/** One stream from its first event to its last; `begun` is told of the first. */
async function hear(model: string, begun: () => void = () => undefined): Promise<Heard> {
  let [text, version]: [string, Heard['version']] = ['', undefined];
  const request = { model, prompt: 'The inn ->', max_tokens: 80, temperature: 0 };
  for await (const { choices, prad: facts } of cluster.client.streamCompletion(request)) {
    begun();
    text += choices.map((choice) => choice.text).join('');
    version = facts?.adapter_version ?? version;
  }
  return { text, version };
}

/** Starts streams, and resolves once each of them was admitted, with the promises of what they hear. */
async function start(model: string, count: number): Promise<Promise<Heard>[]> {
  const started = Array.from({ length: count }, () => {
    let begun = (): void => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const heard = hear(model, () => {
      begun();
    });
    return { first, heard };
  });
  await Promise.all(started.map(({ first, heard }) => Promise.race([first, heard])));
  return started.map(({ heard }) => heard);
}

it('promotes a version and rolls back under load: no error, and each stream ends on the version it began with', async () => {
  const [one, two] = [join(cluster.dataFolder, 'one'), join(cluster.dataFolder, 'two')];
  await writePeftLora(one);
  await writePeftLora(two, 40);
  const adapter = await prad('adapters', 'import', one, '--model', MODEL, '--scope', 'prompt');
  const again = ['--model', MODEL, '--scope', 'prompt', '--version-of', adapter];
  expect(await prad('adapters', 'import', two, ...again)).toBe(`${adapter}@2`);
  const [first, second] = [await hear(`${adapter}@1`), await hear(`${adapter}@2`)];
  expect(first.text).not.toBe(second.text);
  expect(await hear(adapter)).toEqual(second);

  const production = `${adapter}@production`;
  await expect(hear(production)).rejects.toMatchObject({ code: 'adapter_alias_not_found' });
  expect(await prad('adapters', 'alias', adapter, 'production', '1')).toMatch(/production +1 +-/);
  const streams = await start(production, STREAMS);
  expect(await prad('adapters', 'alias', adapter, 'production', '2')).toMatch(/production +2 +1/);
  const promoted = await start(production, STREAMS / 2);
  expect(await prad('adapters', 'alias', adapter, 'production', '--rollback')).toMatch(/production +1 +2/);
  const back = await start(production, STREAMS / 2);

  for (const heard of await Promise.all(streams)) expect(heard).toEqual(first);
  for (const heard of await Promise.all(promoted)) expect(heard).toEqual(second);
  for (const heard of await Promise.all(back)) expect(heard).toEqual(first);
  expect([first.version, second.version]).toEqual([1, 2]);
});

it('says what is wrong with a version or an alias, and removes aliases', async () => {
  const { id } = (await cluster.client.adapters())[0]!;
  const complete = (model: string) => cluster.client.complete({ model, prompt: 'x', max_tokens: 1 });
  await expect(complete(`${id}@9`)).rejects.toMatchObject({ code: 'adapter_version_not_found' });
  await expect(complete(`${id}@99999999999`)).rejects.toMatchObject({ code: 'adapter_version_not_found' });
  await expect(complete(`${id}@`)).rejects.toMatchObject({ code: 'adapter_alias_not_found' });
  await expect(cluster.client.setAdapterAlias(id, '3', 1)).rejects.toMatchObject({ code: 'invalid_alias' });
  await expect(cluster.client.setAdapterAlias(id, 'latest', 1)).rejects.toMatchObject({
    code: 'invalid_alias',
  });
  await expect(cluster.client.setAdapterAlias(id, 'new', 9)).rejects.toMatchObject({
    code: 'adapter_version_not_found',
  });
  await prad('adapters', 'alias', id, 'production', '--delete');
  await expect(complete(`${id}@production`)).rejects.toMatchObject({ code: 'adapter_alias_not_found' });
  await expect(cluster.client.removeAdapterAlias(id, 'production')).rejects.toMatchObject({
    code: 'adapter_alias_not_found',
  });
});

it('takes no version of another method or scope', async () => {
  const { id } = (await cluster.client.adapters())[0]!;
  const folder = join(cluster.dataFolder, 'one');
  await expect(prad('adapters', 'import', folder, '--model', MODEL, '--version-of', id)).rejects.toThrow(
    /must have its scope: expected prompt, got all/,
  );
});
