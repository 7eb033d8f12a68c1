import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../apps/cli/src/env.js';
import { BUNDLED_MODEL, ensureBundledModel } from '../../apps/cli/src/stack/bundled-model.js';
import { Cluster } from './support/cluster.js';
import { ended } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const reference = join(import.meta.dirname, '../reference/parquet');

let cluster: Cluster;
let hub: Server;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker();
  await ensureBundledModel(cluster.client);
  const pairs = await readFile(join(reference, 'pairs.parquet'));
  hub = createServer(({ url }, response) => {
    if (url === '/api/datasets/o/pairs/parquet/default/train') {
      response.end(JSON.stringify(['https://huggingface.co/datasets/o/pairs/0.parquet']));
    } else if (url === '/datasets/o/pairs/0.parquet') response.end(pairs);
    else response.writeHead(404, { 'x-error-message': 'Repository not found' }).end();
  }).listen(0, '127.0.0.1');
});

afterAll(async () => {
  hub.close();
  await cluster.stop();
});

/** What a command says, and how it ends. */
async function prad(...args: string[]): Promise<{ readonly said: string; readonly code: number }> {
  const endpoint = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  const env = {
    ...readSettings().environment,
    PRAD_API_URL: cluster.client.url,
    HF_ENDPOINT: endpoint,
    NO_COLOR: '1',
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { env });
    return { said: stdout, code: 0 };
  } catch (error) {
    const { stderr, code } = error as { stderr: string; code: number };
    return { said: stderr, code };
  }
}

async function written(name: string, content: string): Promise<string> {
  const path = join(cluster.dataFolder, name);
  await writeFile(path, content);
  return path;
}

describe('data sets on the command line', () => {
  it('are trained on from a table', async () => {
    const lines = Array.from(
      { length: 16 },
      (_, i) => `${i},"The inn, number ${i} ->", ${i % 2 ? 'warm' : 'cold'}`,
    );
    const table = await written('inns.csv', ['id,question,answer', ...lines].join('\r\n'));
    const columns = ['--columns', 'prompt=question', 'completion=answer'];
    const { said } = await prad('files', 'upload', table, ...columns);
    const [id = '', name] = said.split('  ');
    expect(name).toBe('inns.csv');
    const hyperparameters = { max_steps: 4, batch_size: 4, learning_rate: 0.01 };
    const method = { type: 'prad' as const, prad: { rank: 4, hyperparameters } };
    const job = await cluster.client.createJob({ model: BUNDLED_MODEL, training_file: id, method });
    expect(await ended(cluster, job.id)).toMatchObject({ status: 'succeeded', error: null });
  });

  it('are inspected, with their lengths or their problems, and not kept', async () => {
    const before = (await cluster.client.files()).length;
    const parquet = join(reference, 'pairs.parquet');
    const columns = ['--columns', 'prompt=prompt', 'completion=completion'];
    const { said } = await prad('files', 'inspect', parquet, '--model', BUNDLED_MODEL, ...columns);
    expect(said).toMatch(/^pairs\.parquet\n2 rows, 72 B as JSON lines, from parquet, no problems\n/);
    expect(said).toContain('line 1 {"prompt":"a ->","completion":" x"}');
    expect(said).toMatch(/whole example: median \d[\s\S]* █{40} 1\n$/);

    const bad = await written('bad.tsv', 'prompt\tcompletion\na\tb\nonly\n\tc\n');
    const refused = await prad('files', 'inspect', bad);
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(
      /error: line 3: 1 column, expected 2[^\n]*\n +line 4: prompt must not be empty\n/,
    );
    expect(await cluster.client.files()).toHaveLength(before);
  });

  it('are imported from the Hub', async () => {
    const columns = ['--columns', 'prompt=prompt', 'completion=completion'];
    const { said } = await prad('files', 'import', 'hf:o/pairs/default:train', '--limit', '1', ...columns);
    const [id = '', name, rows] = said.trimEnd().split('  ');
    expect([name, rows]).toEqual(['o--pairs--default--train.jsonl', '1 rows']);
    const { rows: shown } = await cluster.client.previewFile(id, 5);
    expect(shown).toEqual([{ line: 1, value: { prompt: 'a ->', completion: ' x' } }]);
    const missing = await prad('files', 'import', 'hf:o/none:train');
    expect(missing.code).toBe(1);
    expect(missing.said).toMatch(/status 404, Repository not found/);
  });
});
