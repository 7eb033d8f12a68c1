import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@prad/formats';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import type { Cluster } from './support/cluster.js';
import { writePeftLora } from './support/peft-lora.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { MODEL } from './support/training-run.js';

const TEXT = 'The Silver Lantern is';
const CHAT = `<|im_start|>user\n${TEXT}<|im_end|>\n<|im_start|>assistant\n`;
const bundled = join(import.meta.dirname, '../../bundled/prad-tiny');

/** What a model makes of `TEXT`: how many tokens it is as a prompt and as a chat, and how an answer ends. */
interface Own {
  readonly text: number;
  readonly chat: number;
  readonly finish: string;
}

let cluster: Cluster;
let openai: OpenAI;
/** By name; `MODEL` and models of its weights that differ in one file. */
let expected: Record<string, Own>;
let text: string;

beforeAll(async () => {
  cluster = await startTinyCluster();
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
  const json = JSON.parse(await readFile(join(bundled, 'tokenizer.json'), 'utf8')) as object;
  const count = (of: string) => Tokenizer.fromJson(json).encode(of).length;
  const plain = { text: count(TEXT), chat: count(CHAT), finish: 'length' };
  expected = {
    [MODEL]: plain,
    begun: { ...plain, text: plain.text + 1 },
    bare: { ...plain, chat: count(TEXT) },
    brief: { ...plain, finish: 'stop' },
  };
  const single = [
    { SpecialToken: { id: '<|endoftext|>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
  ];
  const post_processor = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
  await importVariant('begun', 'tokenizer.json', JSON.stringify({ ...json, post_processor }));
  await importVariant('bare', 'chat_template.jinja', "{{ messages[0]['content'] }}");
  const everyToken = Array.from({ length: 2048 }, (_, id) => id);
  await importVariant('brief', 'generation_config.json', JSON.stringify({ eos_token_id: everyToken }));
  text = await answerOf(MODEL);
});

afterAll(() => cluster.stop());

async function importVariant(name: string, file: string, content: string): Promise<void> {
  const source = join(cluster.dataFolder, name);
  await writeTinyModel(source);
  await writeFile(join(source, file), content);
  await importModel(cluster.client, { source, name });
}

async function own(model: string): Promise<Own> {
  const prompted = await openai.completions.create({ model, prompt: TEXT, max_tokens: 4, temperature: 0 });
  const messages = [{ role: 'user' as const, content: TEXT }];
  const chatted = await openai.chat.completions.create({
    model,
    messages,
    max_completion_tokens: 4,
    temperature: 0,
  });
  return {
    text: prompted.usage!.prompt_tokens,
    chat: chatted.usage!.prompt_tokens,
    finish: prompted.choices[0]!.finish_reason,
  };
}

async function answerOf(model: string): Promise<string> {
  const asked = { model, prompt: TEXT, max_tokens: 8, temperature: 0 };
  return (await cluster.client.complete(asked)).choices[0]!.text;
}

async function expectOwn(models: readonly string[]): Promise<void> {
  const found = await Promise.all(models.map(async (model) => [model, await own(model)] as const));
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(models.map((model) => [model, expected[model]])),
  );
}

/** Nothing that the worker had open is open any more. */
async function anotherWorker(): Promise<void> {
  await cluster.workers.at(-1)!.stop(10_000);
  await cluster.startWorker();
}

async function keyOf(model: string): Promise<string> {
  return (await cluster.database.baseModels.getReady(model)).blobKey;
}

async function stored(): Promise<readonly string[]> {
  const folders = await readdir(join(cluster.dataFolder, 'blobs/models'));
  return folders.map((folder) => `models/${folder}`).sort();
}

it('answers for each with its own files, also by another worker', async () => {
  const models = Object.keys(expected);
  const digests = models.map(async (id) => (await cluster.database.baseModels.getReady(id)).digest);
  expect(new Set(await Promise.all(digests)).size).toBe(1);
  await expectOwn(models);
  await anotherWorker();
  await expectOwn(models);
});

it('counts the tokens of files for each with its own tokenizer and template', async () => {
  const path = join(cluster.dataFolder, 'rows.jsonl');
  const counted = async (row: object, model: string): Promise<number> => {
    await writeFile(path, `${JSON.stringify(row)}\n`);
    const { id } = await cluster.client.uploadFile(path);
    return (await cluster.client.previewFile(id, 0, model)).token_lengths!.prompt.max;
  };
  const messages = [
    { role: 'user', content: TEXT },
    { role: 'assistant', content: ' ok' },
  ];
  for (const [model, { text: prompt, chat }] of Object.entries(expected)) {
    expect(await counted({ prompt: TEXT, completion: ' ok' }, model)).toBe(prompt);
    expect(await counted({ messages }, model)).toBe(chat);
  }
});

it('takes an adapter of the one for the other, since both have its weights', async () => {
  const folder = join(cluster.dataFolder, 'lora');
  await writePeftLora(folder);
  const [config, weights] = await Promise.all(
    ['adapter_config.json', 'adapter_model.safetensors'].map((file) => readFile(join(folder, file))),
  );
  const { id } = await cluster.client.importAdapter({ config: config!, weights: weights! }, { model: MODEL });
  const exported = await cluster.client.exportAdapter(id, 'prad');
  const other = await cluster.client.importAdapter(exported, { model: 'bare' });
  expect(await answerOf(other.id)).toBe(await answerOf(id));
  expect(await answerOf(id)).not.toBe(text);
});

it('keeps the folder of an older version, which the digest of the weights names, for all names of that model', async () => {
  const { dataSource, baseModels } = cluster.database;
  const { digest, blobKey } = await baseModels.getReady(MODEL);
  const older = `models/${digest}`;
  const blobs = join(cluster.dataFolder, 'blobs');
  await rename(join(blobs, blobKey), join(blobs, older));
  await dataSource.query('UPDATE base_model SET blob_key = $1 WHERE id = $2', [older, MODEL]);
  await anotherWorker();
  await importModel(cluster.client, {
    source: join(cluster.dataFolder, 'source'),
    name: 'twin',
    quantize: ['q8'],
  });
  await importModel(cluster.client, { source: join(cluster.dataFolder, 'begun'), name: 'begun-twin' });
  expect([await keyOf('twin'), await keyOf('begun-twin')]).toEqual([older, await keyOf('begun')]);
  for (const [name, copies] of [
    [MODEL, ['q8']],
    ['twin', ['q8']],
    ['begun', []],
  ] as const)
    expect((await baseModels.getReady(name)).quantised).toEqual(copies);
  await expectOwn(Object.keys(expected));
});

it('deletes a folder only with the last of its names, and leaves those of the same weights', async () => {
  const { client } = cluster;
  await importVariant('first', 'chat_template.jinja', '{{ 1 }}');
  await importVariant('second', 'chat_template.jinja', '{{ 1 }}');
  await importVariant('other', 'chat_template.jinja', '{{ 2 }}');
  const key = await keyOf('second');
  expect(await keyOf('first')).toBe(key);
  const gone = await keyOf('other');
  expect(await stored()).toContain(gone);
  for (const name of ['other', 'first', 'twin', 'begun-twin']) await client.removeModel(name);
  const left = [...Object.keys(expected), 'second'];
  expect(await stored()).toEqual((await Promise.all(left.map(keyOf))).sort());
  await anotherWorker();
  await expectOwn(Object.keys(expected));
  expect(await answerOf('second')).toBe(text);
});
