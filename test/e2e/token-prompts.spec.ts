import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { completionChunk } from '@prad/contracts';
import { Tokenizer } from '@prad/formats';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { MODEL } from './support/training-run.js';

/** The model with a tokenizer that puts `<|endoftext|>` before every text. */
const BEGUN = 'begun';
const texts = ['The Silver Lantern is', 'a caf\u00e9 <|im_start|>user\n\u{1F600}'];
const asked = { model: MODEL, max_tokens: 6, seed: 7 };
const bundled = join(import.meta.dirname, '../../bundled/prad-tiny');

let cluster: Cluster;
let openai: OpenAI;
let tokenizer: Tokenizer;
let ids: number[][];

beforeAll(async () => {
  cluster = await startTinyCluster();
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
  const json = JSON.parse(await readFile(join(bundled, 'tokenizer.json'), 'utf8')) as object;
  tokenizer = Tokenizer.fromJson(json);
  ids = texts.map((text) => tokenizer.encode(text));
  const source = join(cluster.dataFolder, BEGUN);
  await writeTinyModel(source);
  const single = [
    { SpecialToken: { id: '<|endoftext|>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
  ];
  const post_processor = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
  await writeFile(join(source, 'tokenizer.json'), JSON.stringify({ ...json, post_processor }));
  await importModel(cluster.client, { source, name: BEGUN });
});

afterAll(() => cluster.stop());

type Prompt = OpenAI.CompletionCreateParams['prompt'];

/** The fields that the official client does not know pass through it. */
function complete(prompt: Prompt, fields: object = {}): Promise<OpenAI.Completion> {
  return openai.completions.create({ ...asked, prompt, ...fields });
}

async function streamed(prompt: Prompt, fields: object = {}): Promise<string[]> {
  const told: string[] = [];
  const stream = await openai.completions.create({ ...asked, prompt, ...fields, stream: true });
  for await (const { choices } of stream)
    for (const { index, text } of choices) told[index] = (told[index] ?? '') + text;
  return told;
}

/** What does not depend on the hour or the company; numbers to what batches of other sizes change. */
function answerOf({ choices, usage }: OpenAI.Completion): unknown {
  const { prompt_tokens, completion_tokens } = usage!;
  const rounded = JSON.stringify(choices, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
  );
  return { choices: JSON.parse(rounded) as unknown, prompt_tokens, completion_tokens };
}

const schema = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] };
const format = { type: 'json_schema', json_schema: { name: 'a', schema } };

it.each<[string, object]>([
  ['nothing else', {}],
  ['what lm-eval asks for', { max_tokens: 1, logprobs: 1, temperature: 0, echo: true }],
  ['echo', { echo: true }],
  ['log-probabilities of the prompt', { prompt_logprobs: 2 }],
  ['several choices', { n: 2, echo: true, logprobs: 0 }],
  ['the best of several', { n: 2, best_of: 3, echo: true }],
  ['beams', { num_beams: 3, n: 2, temperature: 0, echo: true }],
  ['a format', { response_format: format, max_tokens: 40, echo: true }],
  ['a penalty of what the prompt has', { repetition_penalty: 3, temperature: 0 }],
])('answers token ids as the text that they are of, with %s', async (_, fields) => {
  const [one] = ids;
  expect(answerOf(await complete(one!, fields))).toEqual(answerOf(await complete(texts[0]!, fields)));
  const several = await complete(ids, fields);
  expect(answerOf(several)).toEqual(answerOf(await complete(texts, fields)));
  expect(several.usage!.prompt_tokens).toBe(ids.flat().length);
});

it('tells the tokens of an echo where they stand in the text', async () => {
  const [choice] = (await complete(ids[1]!, { echo: true, logprobs: 1 })).choices;
  const { tokens, token_logprobs, text_offset } = choice!.logprobs!;
  const text = texts[1]!;
  expect(choice!.text.startsWith(text)).toBe(true);
  expect(token_logprobs![0]).toBeNull();
  expect(text_offset![tokens!.indexOf('<|im_start|>')]).toBe(text.indexOf('<|im_start|>'));
  expect(text_offset![ids[1]!.length]).toBe(text.length);
});

it('streams them alike, the prompt first where it is asked for, and again to who resumes', async () => {
  for (const fields of [{}, { echo: true }, { echo: true, n: 2 }]) {
    const whole = (await complete(ids, fields)).choices.map(({ text }) => text);
    expect(await streamed(ids, fields)).toEqual(whole);
    expect(await streamed(texts, fields)).toEqual(whole);
  }
  const stream = await openai.completions.create({ ...asked, prompt: ids[0]!, echo: true, stream: true });
  let id = '';
  let text = '';
  for await (const chunk of stream) {
    if (id === '') expect(chunk.choices[0]!.text).toBe(texts[0]);
    ({ id } = chunk);
    text += chunk.choices[0]?.text ?? '';
  }
  const resumed = await (await fetch(`${cluster.client.url}/v1/completions/${id}/events`)).text();
  const chunks = [...resumed.matchAll(/^data: (\{.*)$/gm)].map(([, data]) =>
    completionChunk.parse(JSON.parse(data!)),
  );
  expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(text);
});

it('adds nothing to them and reads them as they are', async () => {
  const [one] = ids;
  const begun = { model: BEGUN, echo: true, logprobs: 0 };
  const text = await complete(texts[0]!, begun);
  expect(text.usage!.prompt_tokens).toBe(one!.length + 1);
  expect(answerOf(await complete([0, ...one!], begun))).toEqual(answerOf(text));
  const bare = await complete(one!, begun);
  expect(bare.usage!.prompt_tokens).toBe(one!.length);
  expect(bare.choices[0]!.logprobs!.tokens![0]).toBe(tokenizer.tokenOf(one![0]!));
  // The tokenizer would never write a word letter by letter, nor a part of a character.
  const letters = ['i', 'n', 'n'].map((letter) => tokenizer.idOf(letter)!);
  const [part] = tokenizer.encode('\u{1F600}');
  const odd = await complete([...letters, part!], { echo: true, logprobs: 0, max_tokens: 1 });
  expect(odd.usage!.prompt_tokens).toBe(4);
  expect(odd.choices[0]!.logprobs!.tokens!.slice(0, 4)).toEqual(['i', 'n', 'n', '\uFFFD']);
  expect(odd.choices[0]!.logprobs!.text_offset!.slice(0, 4)).toEqual([0, 1, 2, 3]);
  expect(odd.choices[0]!.text.startsWith('inn\uFFFD')).toBe(true);
});

it.each<[string, Prompt, RegExp]>([
  ['an id that the model does not have', [5, 2048], /the token 2048 at place 1; .* 0 to 2047/],
  ['one in a list', [[5], [6, 7, 9999]], /the token 9999 at place 2 of list 1; .* 0 to 2047/],
])('refuses %s, streamed or not', async (_, prompt, message) => {
  for (const ask of [complete, streamed]) {
    await expect(ask(prompt)).rejects.toMatchObject({
      ...{ status: 400, code: 'token_outside_vocabulary', param: 'prompt' },
      message: expect.stringMatching(message) as string,
    });
  }
});

it('refuses more of them than the context holds as it refuses such a text', async () => {
  const long = Array.from({ length: 128 }, () => 300);
  const error = { status: 400, code: 'prompt_too_long' };
  await expect(complete(long)).rejects.toMatchObject(error);
  await expect(complete('x '.repeat(200))).rejects.toMatchObject(error);
  expect((await complete(long.slice(2), { max_tokens: null })).usage!.prompt_tokens).toBe(126);
});

it('refuses what is neither text nor token ids', async () => {
  for (const prompt of [[], [[]], [-1], [1.5], [1, 'a'], [[1], 'a']])
    await expect(complete(prompt as number[])).rejects.toMatchObject({ status: 400, param: 'prompt' });
});
