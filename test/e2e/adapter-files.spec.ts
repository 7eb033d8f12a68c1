import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { writePeftLora } from './support/peft-lora.js';
import { ended, MODEL, submitTraining } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');

let cluster: Cluster;
let theirs: string;

beforeAll(async () => {
  cluster = await startTinyCluster();
  theirs = join(cluster.dataFolder, 'theirs');
  await writePeftLora(theirs);
});

afterAll(() => cluster.stop());

/** What the command prints as its result. */
async function prad(...args: string[]): Promise<string> {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout.trim();
}

async function answer(model: string): Promise<string> {
  const { choices } = await cluster.client.complete({
    model,
    prompt: 'The inn ->',
    max_tokens: 20,
    temperature: 0,
  });
  return choices[0]!.text;
}

it('imports an adapter of PEFT’s, answers with it at once, and exports it as it came', async () => {
  expect(await prad('adapters', 'inspect', theirs)).toMatch(/LORA of PEFT[^]*384 parameters/);
  const all = await prad('adapters', 'import', theirs, '--model', MODEL, '--name', 'theirs');
  expect(all).toMatch(/^ft:tiny:theirs:[0-9a-z]{8}$/);
  const prompt = await prad('adapters', 'import', theirs, '--model', MODEL, '--scope', 'prompt');
  const [base, ...adapted] = await Promise.all([MODEL, all, prompt].map(answer));
  expect(adapted).not.toContain(base);
  expect(await prad('adapters', 'list')).toMatch(new RegExp(`${prompt} +lora +prompt +tiny`));

  const back = join(cluster.dataFolder, 'back');
  await prad('adapters', 'export', all, back);
  const file = (folder: string) => readFile(join(folder, 'adapter_model.safetensors'));
  expect(Buffer.compare(await file(back), await file(theirs))).toBe(0);

  const ours = join(cluster.dataFolder, 'ours');
  await prad('adapters', 'export', prompt, ours, '--format', 'prad');
  expect(await prad('adapters', 'inspect', ours)).toContain(
    'prompt keys of layer 2, prompt values of all layers',
  );
  const again = await prad('adapters', 'import', ours, '--model', MODEL);
  expect(await answer(again)).toBe(await answer(prompt));
});

it('exports what was trained here as PEFT’s, and answers the same with it', async () => {
  const hyperparameters = { max_steps: 4, batch_size: 4, learning_rate: 0.05 };
  const settings = { adapter: 'lora' as const, rank: 4, hyperparameters };
  const { id } = await submitTraining(cluster, { method: { type: 'prad', prad: settings } });
  const { fine_tuned_model: trained } = await ended(cluster, id);
  const folder = join(cluster.dataFolder, 'trained');
  await prad('adapters', 'export', trained!, folder);
  const again = await prad('adapters', 'import', folder, '--model', MODEL, '--scope', 'prompt');
  expect(await answer(again)).toBe(await answer(trained!));
  expect(await answer(again)).not.toBe(await answer(MODEL));
});

it('says what it does not take', async () => {
  const config = join(theirs, 'adapter_config.json');
  const good = await readFile(config, 'utf8');
  await writeFile(config, good.replace('"r": 4', '"bias": "all", "r": 4'));
  await expect(prad('adapters', 'import', theirs, '--model', MODEL)).rejects.toThrow(/`bias`: only "none"/);
  await writeFile(config, good);
  await expect(prad('adapters', 'import', 'nowhere', '--model', MODEL)).rejects.toThrow(
    /hint: name a folder/,
  );
});

it('learns the layers of a base that an older version imported when a worker starts', async () => {
  const { baseModels } = cluster.database;
  const { details } = await baseModels.getReady(MODEL);
  await baseModels.describe(MODEL, {});
  await expect(prad('adapters', 'import', theirs, '--model', MODEL)).rejects.toThrow(/older version/);
  await cluster.startWorker({ WORKER_ROLES: 'import' });
  expect((await baseModels.getReady(MODEL)).details).toEqual(details);
});
