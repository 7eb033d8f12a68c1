import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const prompt = 'The Silver Lantern is';
const asked = { model: MODEL, prompt, max_tokens: 12, seed: 7 };

let cluster: Cluster;
let openai: OpenAI;

beforeAll(async () => {
  cluster = await startTinyCluster({ MAX_NUM_SEQS: '5' });
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
});

afterAll(() => cluster.stop());

/** The fields that the official client does not know pass through it. */
function complete(fields: object): Promise<OpenAI.Completion> {
  return openai.completions.create({ ...asked, ...fields });
}

const said = ({ choices }: OpenAI.Completion) =>
  choices.map(({ index, text, finish_reason: reason }) => ({ index, text, reason }));

it('gives several answers to each prompt, the same whatever else is answered', async () => {
  const single = await complete({});
  const three = await complete({ n: 3 });
  expect(said(three).map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(said(three)[0]).toEqual(said(single)[0]);
  expect(new Set(said(three).map(({ text }) => text)).size).toBe(3);
  const { prompt_tokens, completion_tokens, total_tokens } = three.usage!;
  expect(prompt_tokens).toBe(single.usage!.prompt_tokens);
  expect(completion_tokens).toBeGreaterThan(single.usage!.completion_tokens);
  expect(total_tokens).toBe(prompt_tokens + completion_tokens);

  const prompts = [prompt, 'My uncle and I'];
  const [both, again] = await Promise.all([
    ...[complete({ prompt: prompts, n: 2 }), complete({ n: 3 })],
    ...[1, 2, 3].map((seed) => complete({ seed, temperature: 1.5 })),
  ]);
  expect(said(again!)).toEqual(said(three));
  const apart = await Promise.all(prompts.map((one) => complete({ prompt: one, n: 2 })));
  const texts = apart.flatMap(({ choices }) => choices.map(({ text }) => text));
  expect(said(both!).map(({ text }) => text)).toEqual(texts);
  expect(texts.slice(0, 2)).toEqual(
    said(three)
      .slice(0, 2)
      .map(({ text }) => text),
  );
});

it('streams each answer by its index, and counts all of them', async () => {
  const stop = (await complete({ n: 3 })).choices[1]!.text.slice(3, 6);
  const whole = await complete({ n: 3, stop });
  expect(whole.choices[1]!.finish_reason).toBe('stop');
  const stream = await openai.completions.create({
    ...{ ...asked, n: 3, stop, stream: true, stream_options: { include_usage: true } },
  });
  const streamed = [0, 1, 2].map((index) => ({ index, text: '', reason: null as string | null }));
  let usage: OpenAI.CompletionUsage | undefined;
  const order: string[] = [];
  for await (const chunk of stream) {
    for (const { index, text, finish_reason: reason } of chunk.choices) {
      order.push(`${index} ${text === '' ? 'end' : 'text'}`);
      const before = streamed[index]!;
      expect(before.reason).toBeNull();
      streamed[index] = { index, text: before.text + text, reason };
    }
    usage = chunk.usage ?? usage;
  }
  expect(streamed).toEqual(said(whole));
  // Each ends when it does, not when all have.
  expect(order.indexOf('1 end')).toBeLessThan(order.lastIndexOf('0 text'));
  expect(usage).toMatchObject({
    prompt_tokens: whole.usage!.prompt_tokens,
    completion_tokens: whole.usage!.completion_tokens,
  });
});

it('gives several answers of a chat, with their log-probabilities, streamed or not', async () => {
  const messages = [{ role: 'user' as const, content: prompt }];
  const chat = { model: MODEL, messages, max_completion_tokens: 8, seed: 3, n: 2, logprobs: true };
  const { choices } = await openai.chat.completions.create(chat);
  const first = await openai.chat.completions.create({ ...chat, n: 1 });
  expect(choices[0]).toEqual(first.choices[0]);
  const whole = choices.map(({ message, logprobs }) => [message.content, logprobs!.content]);
  const streamed = [0, 1].map(() => ({ text: '', tokens: [] as OpenAI.ChatCompletionTokenLogprob[] }));
  for await (const chunk of await openai.chat.completions.create({ ...chat, stream: true })) {
    for (const { index, delta, logprobs } of chunk.choices) {
      streamed[index]!.text += delta.content ?? '';
      streamed[index]!.tokens.push(...(logprobs?.content ?? []));
    }
  }
  expect(streamed.map(({ text, tokens }) => [text, tokens])).toEqual(whole);
});

it('gives the likeliest of several answers, and counts all of them', async () => {
  // Log-probabilities of end tokens are not told, so there are none.
  const fields = { logprobs: 0, min_tokens: 12 };
  const four = await complete({ ...fields, n: 4 });
  const mean = ({ logprobs }: OpenAI.CompletionChoice): number =>
    logprobs!.token_logprobs!.reduce((sum, one) => sum + one) / logprobs!.token_logprobs!.length;
  const wanted = [...four.choices].sort((a, b) => mean(b) - mean(a)).map(({ text }) => text);
  const best = await complete({ ...fields, n: 2, best_of: 4 });
  expect(best.choices.map(({ text }) => text)).toEqual(wanted.slice(0, 2));
  expect(best.choices.map(({ index }) => index)).toEqual([0, 1]);
  expect(best.usage).toMatchObject({
    prompt_tokens: four.usage!.prompt_tokens,
    completion_tokens: 48,
  });
});

it('refuses what a worker has no room for, and to stream the best', async () => {
  await expect(complete({ n: 6 })).rejects.toMatchObject({
    ...{ status: 400, code: 'too_many_choices', param: 'n' },
    message: expect.stringMatching(/n 6 takes as many sequences at a time; the engine has 5/) as string,
  });
  await expect(complete({ n: 2, best_of: 6 })).rejects.toMatchObject({ status: 400, param: 'best_of' });
  await expect(complete({ best_of: 2, stream: true })).rejects.toMatchObject({
    status: 400,
    param: 'best_of',
  });
});

it('prints several answers from the command line', async () => {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  const args = ['generate', prompt, '--model', MODEL, '--max-tokens', '12', '--seed', '7'];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [cli, ...args, '-n', '3'], { env });
  const texts = said(await complete({ n: 3 })).map(({ text }) => text);
  expect(stdout).toBe(`${texts.join('\n---\n')}\n`);
});
