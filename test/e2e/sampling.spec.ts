import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL } from './support/training-run.js';

const prompt = 'The Silver Lantern is';
const messages = [{ role: 'user' as const, content: prompt }];
const asked = { model: MODEL, prompt, max_tokens: 12, seed: 7 };

let cluster: Cluster;
let openai: OpenAI;

beforeAll(async () => {
  cluster = await startTinyCluster();
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
});

afterAll(() => cluster.stop());

/** The fields that the official client does not know pass through it. */
function complete(fields: object): Promise<OpenAI.Completion> {
  return openai.completions.create({ ...asked, ...fields });
}

async function textOf(fields: object): Promise<string> {
  return (await complete(fields)).choices[0]!.text;
}

it('tells log-probabilities of completions, streamed or not, as scoring tells them', async () => {
  const [choice] = (await complete({ logprobs: 2 })).choices;
  const { tokens, token_logprobs, top_logprobs, text_offset } = choice!.logprobs!;
  expect(tokens!.join('')).toBe(choice!.text);
  // Parts of one character begin where it does.
  expect(text_offset).toEqual([...text_offset!].sort((one, other) => one - other));
  expect([text_offset![0], text_offset!.at(-1)! < choice!.text.length]).toEqual([0, true]);
  tokens!.forEach((token, place) => {
    const top = top_logprobs![place]!;
    expect(top[token]).toBe(token_logprobs![place]);
    expect(Object.keys(top).length).toBeGreaterThanOrEqual(2);
    expect(Object.values(top).reduce((sum, logprob) => sum + Math.exp(logprob), 0)).toBeLessThanOrEqual(1);
  });

  const stream = await openai.completions.create({ ...asked, logprobs: 2, stream: true });
  const streamed = { text: '', tokens: [] as string[], logprobs: [] as number[], offsets: [] as number[] };
  for await (const chunk of stream) {
    const { text = '', logprobs } = chunk.choices[0] ?? {};
    streamed.text += text;
    streamed.tokens.push(...(logprobs?.tokens ?? []));
    streamed.logprobs.push(...(logprobs?.token_logprobs ?? []));
    streamed.offsets.push(...(logprobs?.text_offset ?? []));
  }
  expect(streamed).toEqual({
    ...{ text: choice!.text, tokens, logprobs: token_logprobs, offsets: text_offset },
  });

  const score = await fetch(`${cluster.client.url}/v1/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, prompt, choices: [tokens![0]], end_token: false }),
  });
  expect(await score.json()).toMatchObject({
    data: [{ choices: [{ tokens: 1, log_probability: expect.closeTo(token_logprobs![0]!, 4) as number }] }],
  });
});

it('tells log-probabilities of chat completions, streamed or not, and only where they are asked for', async () => {
  const chat = { model: MODEL, messages, max_completion_tokens: 10, seed: 3 };
  const { choices } = await openai.chat.completions.create({ ...chat, logprobs: true, top_logprobs: 3 });
  const content = choices[0]!.logprobs!.content!;
  expect(content.map(({ token }) => token).join('')).toBe(choices[0]!.message.content);
  for (const { token, bytes, logprob, top_logprobs: top } of content) {
    expect(Buffer.from(bytes!).toString()).toBe(token);
    expect(top).toHaveLength(3);
    expect(top[0]!.logprob).toBeGreaterThanOrEqual(logprob);
    expect(top.map((one) => one.logprob)).toEqual(top.map((one) => one.logprob).sort((a, b) => b - a));
  }
  const stream = await openai.chat.completions.create({
    ...{ ...chat, logprobs: true, top_logprobs: 3, stream: true },
  });
  const pieces: OpenAI.ChatCompletionTokenLogprob[] = [];
  for await (const chunk of stream) pieces.push(...(chunk.choices[0]?.logprobs?.content ?? []));
  expect(pieces).toEqual(content);
  const plain = await openai.chat.completions.create(chat);
  expect(plain.choices[0]!.logprobs).toBeNull();
  expect(plain.choices[0]!.message.content).toBe(choices[0]!.message.content);
});

it('streams both endpoints to the official client with n, seed, stop and log-probabilities at once', async () => {
  const [first] = (await complete({})).choices;
  const both = { n: 2, seed: 7, stop: first!.text.slice(9, 12), stream: true } as const;
  const whole = await complete({ ...both, stream: false, logprobs: 1 });
  const pieces = whole.choices.map(() => ({ text: '', tokens: [] as string[], reason: '' }));
  for await (const chunk of await openai.completions.create({ ...asked, ...both, logprobs: 1 })) {
    for (const { index, text, logprobs, finish_reason: reason } of chunk.choices) {
      pieces[index]!.text += text;
      pieces[index]!.tokens.push(...(logprobs?.tokens ?? []));
      pieces[index]!.reason = reason;
    }
  }
  expect(pieces).toEqual(
    whole.choices.map((choice) => ({
      ...{ text: choice.text, tokens: choice.logprobs!.tokens, reason: choice.finish_reason },
    })),
  );
  expect(pieces[0]).toMatchObject({
    text: first!.text.slice(0, first!.text.indexOf(both.stop)),
    reason: 'stop',
  });
  expect(pieces[1]!.text).not.toBe(pieces[0]!.text);

  const chat = { ...{ model: MODEL, messages, max_completion_tokens: 10 }, ...both, logprobs: true };
  const answer = await openai.chat.completions.create({ ...chat, stream: false });
  const texts = ['', ''];
  const tokens: string[][] = [[], []];
  for await (const chunk of await openai.chat.completions.create(chat)) {
    for (const { index, delta, logprobs } of chunk.choices) {
      texts[index] = (texts[index] ?? '') + (delta.content ?? '');
      tokens[index]!.push(...(logprobs?.content ?? []).map(({ token }) => token));
    }
  }
  expect(texts).toEqual(answer.choices.map(({ message }) => message.content));
  expect(tokens).toEqual(answer.choices.map(({ logprobs }) => logprobs!.content!.map(({ token }) => token)));
});

it('tells nothing of a stop string, nor of its tokens', async () => {
  const whole = await textOf({});
  const stop = whole.slice(9, 13);
  const [choice] = (await complete({ stop, logprobs: 0 })).choices;
  expect(choice!.finish_reason).toBe('stop');
  expect(choice!.text).toBe(whole.slice(0, whole.indexOf(stop)));
  const told = choice!.logprobs!.tokens!.join('');
  // The last token of the text may hold the stop string's beginning.
  expect(told.startsWith(choice!.text)).toBe(true);
  expect(choice!.logprobs!.text_offset!.at(-1)).toBeLessThan(choice!.text.length);
});

it('repeats a seed whatever else is answered, and draws without one', async () => {
  const alone = await textOf({});
  const others = [1, 2, 3].map((seed) => complete({ seed, temperature: 1.5 }));
  expect(await textOf({})).toBe(alone);
  await Promise.all(others);
  const drawn = new Set(await Promise.all([1, 2, 3, 4].map(() => textOf({ seed: null }))));
  expect(drawn.size).toBeGreaterThan(1);
});

it('biases, penalises, and ends where it is told to', async () => {
  const greedy = { temperature: 0, logprobs: 0 };
  const tokensOf = async (fields: object): Promise<string[]> =>
    (await complete({ ...greedy, ...fields })).choices[0]!.logprobs!.tokens!;
  const plain = await tokensOf({});
  const forced = await tokensOf({ logit_bias: { 300: 100 } });
  expect(new Set(forced).size).toBe(1);
  const unrepeated = await tokensOf({ logit_bias: { 300: 50 }, presence_penalty: 2, frequency_penalty: 2 });
  expect(unrepeated).toEqual(forced);
  const repelled = await tokensOf({ repetition_penalty: 10 });
  expect(new Set(repelled).size).toBeGreaterThan(new Set(plain).size - 1);
  expect(new Set(repelled).size).toBe(repelled.length);

  const [ended] = (await complete({ ...greedy, logit_bias: { 300: 100 }, stop_token_ids: [300] })).choices;
  expect(ended).toMatchObject({ text: '', finish_reason: 'stop' });
  const end = { logit_bias: { 0: 100 } };
  expect((await complete({ ...greedy, ...end })).choices[0]).toMatchObject({
    text: '',
    finish_reason: 'stop',
  });
  const { text, logprobs } = (await complete({ ...greedy, ...end, min_tokens: 4, logprobs: 0 })).choices[0]!;
  // The end token is listed behind the text, as evaluation harnesses count on.
  expect(logprobs!.tokens!.slice(0, 4)).toEqual(plain.slice(0, 4));
  expect(logprobs!.text_offset!.slice(4)).toEqual([text.length]);
  expect(await textOf({ min_p: 1 })).toBe(await textOf({ temperature: 0 }));
});

it('gives the prompt back, and tells how likely its tokens are', async () => {
  const plain = (await complete({ logprobs: 1 })).choices[0]!;
  const [echoed] = (await complete({ echo: true, logprobs: 1 })).choices;
  expect(echoed!.text).toBe(prompt + plain.text);
  const { tokens, token_logprobs, top_logprobs, text_offset } = echoed!.logprobs!;
  const own = plain.logprobs!.tokens!.length;
  expect(tokens!.slice(-own)).toEqual(plain.logprobs!.tokens);
  expect(tokens!.slice(0, -own).join('')).toBe(prompt);
  expect(text_offset!.at(-own)).toBe(prompt.length);
  expect([token_logprobs![0], top_logprobs![0]]).toEqual([null, null]);
  expect(token_logprobs!.slice(1).every((logprob) => logprob < 0)).toBe(true);

  const both = await complete({ prompt: ['a house', prompt], n: 2, prompt_logprobs: 0, max_tokens: 1 });
  const told = both.choices.map((choice) => (choice as { prompt_logprobs?: unknown[] }).prompt_logprobs);
  expect(told[0]).toEqual(told[1]);
  expect(told[2]).toEqual(told[3]);
  expect(told[3]).toMatchObject(token_logprobs!.slice(0, -own).map((logprob) => ({ logprob })));

  const stream = await openai.completions.create({ ...asked, echo: true, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  expect(text).toBe(echoed!.text);
  await expect(complete({ echo: true, logprobs: 1, stream: true })).rejects.toMatchObject({ status: 400 });
});

it('names the field of a token that the model does not have', async () => {
  for (const fields of [{ logit_bias: { 2048: 1 } }, { stop_token_ids: [9999] }]) {
    await expect(complete(fields)).rejects.toMatchObject({
      status: 400,
      code: 'token_outside_vocabulary',
      param: Object.keys(fields)[0],
    });
  }
  await expect(complete({ min_tokens: 13 })).rejects.toMatchObject({ status: 400, param: 'min_tokens' });
});
