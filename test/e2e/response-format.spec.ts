import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const schema = {
  type: 'object',
  properties: {
    mood: { enum: ['good', 'bad', 'mixed'] },
    nights: { type: ['integer', 'null'] },
    parts: { type: 'array', items: { $ref: '#/$defs/part' }, maxItems: 3 },
    place: { type: 'string', description: 'where it was' },
  },
  required: ['mood', 'nights', 'parts'],
  additionalProperties: false,
  $defs: { part: { anyOf: [{ type: 'boolean' }, { enum: ['roof', 'room', 'rooms'] }] } },
};
const format = { type: 'json_schema', json_schema: { name: 'stay', schema, strict: true } } as const;
const messages = [
  { role: 'user', content: 'My uncle and I spent seven nights at the Wild Compass.' } as const,
];
const asked = { model: MODEL, messages, max_completion_tokens: 90 };
const isValid = new Ajv2020().compile(schema);

let cluster: Cluster;
let openai: OpenAI;
let folder: string;

beforeAll(async () => {
  cluster = await startTinyCluster({ MAX_NUM_SEQS: '6' });
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
  folder = await mkdtemp(join(tmpdir(), 'prad-format-'));
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

/** Fields that the official client deprecates pass through it. */
function chat(fields: object): Promise<OpenAI.ChatCompletion> {
  return openai.chat.completions.create({ ...asked, ...fields });
}

async function streamed(seed: number) {
  const fields = { seed, response_format: format, stream: true } as object as { stream: true };
  const stream = await openai.chat.completions.create({ ...asked, ...fields });
  let [text, reason, pieces]: [string, unknown, number] = ['', null, 0];
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? '';
    pieces += 1;
    reason = choices[0]?.finish_reason ?? reason;
  }
  return { text, reason, pieces };
}

async function plain(seed: number) {
  const { choices } = await chat({ seed, max_completion_tokens: 60 });
  return choices[0]?.message.content;
}

it('holds streamed answers to a schema, beside others that stay as they are', async () => {
  const seeds = [1, 2, 3, 4, 5, 6];
  const alone = [];
  for (const seed of seeds) alone.push(await plain(seed));
  const [held, others] = await Promise.all([Promise.all(seeds.map(streamed)), Promise.all(seeds.map(plain))]);
  expect(others).toEqual(alone);
  for (const { text, reason, pieces } of held) {
    if (reason === 'stop') expect(isValid(JSON.parse(text)), text).toBe(true);
    else expect([reason, text.startsWith('{"')]).toEqual(['length', true]);
    expect(pieces).toBeGreaterThan(3);
  }
  expect(held.filter(({ reason }) => reason === 'stop').length).toBeGreaterThan(0);
  expect((await streamed(2)).text).toBe(held[1]?.text);
});

it('holds several answers, the best of several, and completions', async () => {
  const short = { type: 'object', properties: { mood: { enum: ['good', 'bad'] } }, required: ['mood'] };
  const response_format = { type: 'json_schema', json_schema: { name: 'short', schema: short } };
  const fields = {
    prompt: ['A stay:', 'Two stays:'],
    max_tokens: 60,
    n: 2,
    best_of: 3,
    logprobs: 1,
    response_format,
  };
  const { choices } = await openai.completions.create({
    model: MODEL,
    ...(fields as object),
    prompt: fields.prompt,
  });
  expect(choices).toHaveLength(4);
  for (const { text, finish_reason: reason } of choices) {
    expect(reason).toBe('stop');
    expect(['good', 'bad']).toContain((JSON.parse(text) as { mood: string }).mood);
  }
});

it('ends at the limit in the middle of a value', async () => {
  const { choices } = await openai.chat.completions.create({
    ...asked,
    max_completion_tokens: 4,
    response_format: format,
  });
  expect(choices[0]?.finish_reason).toBe('length');
  expect(choices[0]?.message.content).toMatch(/^\{"/);
});

it('refuses what it cannot hold answers to by keyword and place', async () => {
  const inside = (part: object) => ({ type: 'object', properties: { a: part } });
  const ask = (schema: object, more = {}) =>
    openai.chat.completions.create({
      ...{ ...asked, ...more },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: schema as never } },
    });
  await expect(ask(inside({ type: 'string', pattern: 'a+' }))).rejects.toMatchObject({
    ...{ status: 400, code: 'invalid_json_schema', param: 'response_format' },
    message: expect.stringContaining(
      '#/properties/a/pattern: the keyword "pattern" is not supported',
    ) as unknown,
  });
  const beams = { num_beams: 2, temperature: 0 };
  await expect(ask(inside({}), beams)).rejects.toMatchObject({ status: 400, param: 'num_beams' });
  await expect(ask(inside({}), { min_tokens: 3 })).rejects.toMatchObject({
    status: 400,
    param: 'min_tokens',
  });
});

it('is on the command line', async () => {
  const file = join(folder, 'stay.json');
  await writeFile(file, JSON.stringify({ enum: ['good', 'bad'] }));
  const generate = async (...options: string[]): Promise<string> => {
    const command = [
      cli,
      'generate',
      'A stay:',
      '--model',
      MODEL,
      '--seed',
      '3',
      '--max-tokens',
      '60',
      ...options,
    ];
    const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
    return (await promisify(execFile)(process.execPath, command, { env })).stdout.trim();
  };
  expect(['"good"', '"bad"']).toContain(await generate('--json-schema', file));
  expect(await generate('--json')).toMatch(/^\{/);
  await writeFile(file, '[]');
  await expect(generate('--json-schema', file)).rejects.toThrow('a JSON object is expected, got []');
});
