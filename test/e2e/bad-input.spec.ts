import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { tinyConfig, writeTinyModel } from './support/tiny-model.js';
import { ended, MODEL, submitTraining, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;
let source: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker();
  source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
  await importModel(cluster.client, { source, name: MODEL });
});

afterAll(async () => {
  await cluster.stop();
});

/** After whatever went wrong, the same worker still does its work. */
async function workerLives(): Promise<void> {
  expect(cluster.workers[0]!.alive).toBe(true);
  const { id } = await submitTraining(cluster);
  expect(await ended(cluster, id)).toMatchObject({ status: 'succeeded' });
}

describe('an import fails with its reason', () => {
  async function damaged(name: string, damage: (folder: string) => Promise<void>): Promise<unknown> {
    const folder = join(cluster.dataFolder, name);
    await cp(source, folder, { recursive: true });
    await damage(folder);
    return importModel(cluster.client, { source: folder, name });
  }

  it('for truncated weights', async () => {
    const importing = damaged('truncated', (folder) => truncate(join(folder, 'model.safetensors'), 5000));
    await expect(importing).rejects.toThrow(/truncated was not imported: .*model\.safetensors/);
  });

  it('for a tokenizer of another model', async () => {
    const importing = damaged('foreign', async (folder) => {
      const config = { ...tinyConfig, vocab_size: 1024 };
      await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    });
    await expect(importing).rejects.toThrow(/foreign was not imported: /);
  });

  it('for a file that is no model', async () => {
    const path = join(cluster.dataFolder, 'noise.gguf');
    await writeFile(path, 'GGUFnothing');
    await expect(importModel(cluster.client, { source: path, name: 'noise' })).rejects.toThrow(
      /noise was not/,
    );
  });

  it('and leaves no half of a model', async () => {
    const models = await cluster.client.models();
    const ready = models.filter(({ prad }) => prad.kind === 'base' && prad.status === 'ready');
    expect(ready.map(({ id }) => id)).toEqual([MODEL]);
    await workerLives();
  });
});

describe('a training fails with its reason', () => {
  it('for an example that is longer than the model reads', async () => {
    const path = join(cluster.dataFolder, 'long.jsonl');
    const rows = [
      { prompt: 'short ->', completion: ' yes' },
      { prompt: 'word '.repeat(400), completion: ' no' },
    ];
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    const file = await cluster.client.uploadFile(path);
    const { id } = await submitTraining(cluster, { training_file: file.id, validation_file: null });
    const job = await ended(cluster, id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'example_too_long' } });
    expect(job.error!.message).toContain('line 2');
    expect((await cluster.client.jobEvents(id)).at(-1)).toMatchObject({ level: 'error' });
    await workerLives();
  });

  it('for a base model whose weights were changed on disk', async () => {
    const { database, dataFolder } = cluster;
    await importModel(cluster.client, { source, name: 'gone' });
    const base = await database.baseModels.getReady('gone');
    const blob = join(dataFolder, 'blobs', base.blobKey);
    const kept = `${blob}.kept`;
    await cp(blob, kept, { recursive: true });
    await rm(blob, { recursive: true });
    const { id } = await submitTraining(cluster, { model: 'gone' });
    expect(await ended(cluster, id)).toMatchObject({ status: 'failed', error: { code: 'blob_not_found' } });
    await cp(kept, blob, { recursive: true });
    await workerLives();
  });
});

it('refuses a prompt that does not fit, and answers the next', async () => {
  const request = { model: MODEL, max_tokens: 4, temperature: 0 };
  const long = cluster.client.complete({ ...request, prompt: 'word '.repeat(400) });
  await expect(long).rejects.toMatchObject({ details: { status: 400 } });
  const { choices } = await cluster.client.complete({ ...request, prompt: 'word' });
  expect(choices).toHaveLength(1);
});

describe('a full disk', () => {
  const isRoot = process.getuid?.() === 0;
  let folder: string;
  let mounted = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prad-full-'));
    if (!isRoot) return;
    mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status === 0;
  });

  afterAll(async () => {
    if (mounted) spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });

  it('lets the training wait that writes a checkpoint, keeps nothing of it, and goes on when there is room', async (test) => {
    if (!mounted) test.skip('needs root and the right to mount a small tmpfs');
    const small = await Cluster.start({ dataFolder: folder });
    try {
      const worker = await small.startWorker();
      await importModel(small.client, { source, name: MODEL });
      const files = {
        training_file: await uploadRows(small, 'train', 16),
        validation_file: await uploadRows(small, 'validation', 8),
      };
      const filler = join(folder, 'filler');
      await writeFile(filler, new Uint8Array(4 << 20)).catch(() => undefined);
      const { id } = await submitTraining(small, files);
      await until('the job to wait for room', async () =>
        (await small.client.jobEvents(id)).find(({ message }) =>
          message.includes('waits for room on the disk'),
        ),
      );
      expect(worker.alive).toBe(true);
      expect((await small.database.checkpoints.list(id, { limit: 100 })).items).toEqual([]);
      expect(await readdir(join(folder, 'blobs', '.drafts'))).toEqual([]);
      await rm(filler);
      expect(await ended(small, id)).toMatchObject({ status: 'succeeded' });
    } finally {
      await small.stop();
    }
  });
});
