import { setTimeout as sleep } from 'node:timers/promises';
import { chatCompletion, completion, completionChunk, type CompletionChunk } from '@prad/contracts';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';
import { sentEvents } from './event-source.js';

const redisUrl = inject('redisUrl');
const backends = ['postgres', ...(redisUrl === undefined ? [] : (['redis'] as const))] as const;

describe.each(backends)('generation with the queue on %s', (backend) => {
  let api: ApiHarness;
  const model = `gen-base-${backend}`;

  beforeAll(async () => {
    api = await startApi(await createEmptyDatabase(), backend === 'redis' ? redisUrl : undefined);
    await addBaseModel(api.database, model);
  });

  afterAll(async () => {
    await api.close();
  });

  function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(`${api.url}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  it('answers a completion of several prompts, with usage, times and batch', async () => {
    const response = await post('completions', { model, prompt: ['x', 'y'], max_tokens: 2, seed: 5 });
    expect(response.status).toBe(200);
    const answer = completion.parse(await response.json());
    expect(answer.id).toMatch(/^cmpl-/);
    expect(answer).toMatchObject({
      object: 'text_completion',
      model,
      choices: [
        { index: 0, text: ' x0 x1', finish_reason: 'length' },
        { index: 1, text: ' y0 y1', finish_reason: 'length' },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
      prad: {
        seed: 5,
        timings: { queue_ms: 1, prefill_ms: 2, decode_ms: 3 },
        batch: { max_rows: 2, max_adapters: 0 },
      },
    });
  });

  it('takes token ids as one prompt, lists of them as several, and gives their text back', async () => {
    const one = await api.openai.completions.create({ model, prompt: [5, 6], max_tokens: 1 });
    expect(one.choices.map(({ text }) => text)).toEqual([' 5-60']);
    const row = await api.database.inferenceJobs.get(one.id);
    expect(row.request).toMatchObject({
      input: { prompts: [{ tokens: [5, 6] }] },
      sampling: { echo: false },
    });
    const asked = { model, prompt: [[5, 6], [7]], max_tokens: 2, echo: true };
    const several = await api.openai.completions.create(asked);
    expect(several.choices.map(({ text }) => text)).toEqual(['5-6 5-60 5-61', '7 70 71']);
    const streamed = ['', ''];
    for await (const { choices } of await api.openai.completions.create({ ...asked, stream: true }))
      for (const { index, text } of choices) streamed[index] = `${streamed[index] ?? ''}${text}`;
    expect(streamed).toEqual(several.choices.map(({ text }) => text));
  });

  it('answers a chat completion to the official client', async () => {
    const answer = await api.openai.chat.completions.create({
      model,
      max_completion_tokens: 2,
      messages: [
        { role: 'developer', content: 'be short' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'h' },
            { type: 'text', text: 'i' },
          ],
        },
      ],
    });
    expect(answer.choices[0]?.message).toMatchObject({ role: 'assistant', content: ' hi0 hi1' });
    expect(chatCompletion.parse(answer).id).toMatch(/^chatcmpl-/);
  });

  it('streams a completion to the official client, with usage in the last chunk', async () => {
    const stream = await api.openai.completions.create({
      ...{ model, prompt: ['a', 'b'], max_tokens: 3, stream: true, stream_options: { include_usage: true } },
    });
    const texts = ['', ''];
    const reasons: unknown[] = [];
    let last: OpenAI.Completion | undefined;
    for await (const chunk of stream) {
      last = chunk;
      for (const choice of chunk.choices) {
        texts[choice.index] = `${texts[choice.index] ?? ''}${choice.text}`;
        reasons[choice.index] = choice.finish_reason;
      }
    }
    expect(texts).toEqual([' a0 a1 a2', ' b0 b1 b2']);
    expect(reasons).toEqual(['length', 'length']);
    expect(last).toMatchObject({ choices: [], usage: { total_tokens: 8 }, prad: { batch: { max_rows: 2 } } });
  });

  it('streams a chat completion to the official client as it is made', async () => {
    const stream = await api.openai.chat.completions.create({
      ...{
        model,
        messages: [{ role: 'user' as const, content: 'slow' }],
        max_completion_tokens: 4,
        stream: true as const,
      },
    });
    const arrivals: number[] = [];
    let text = '';
    let role: string | undefined;
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta;
      role ??= delta?.role;
      if ((delta?.content ?? '') === '') continue;
      text += delta?.content ?? '';
      arrivals.push(Date.now());
    }
    expect(role).toBe('assistant');
    expect(text).toBe(' slow0 slow1 slow2 slow3');
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(200);
  });

  it('ends a stream in [DONE] and puts the facts into the last chunk', async () => {
    const data = [];
    const response = await post('completions', { model, prompt: 'p', max_tokens: 2, stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    for await (const event of sentEvents(response)) data.push(event.data);
    expect(data.at(-1)).toBe('[DONE]');
    const chunks = data.slice(0, -1).map((text) => completionChunk.parse(JSON.parse(text)));
    expect(chunks.map(({ choices }) => choices[0]?.text).join('')).toBe(' p0 p1');
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'length' }],
      prad: { batch: { max_rows: 1 } },
    });
    expect(chunks.every(({ usage }) => usage === undefined)).toBe(true);
  });

  it('sends the whole text though the worker streamed none of it', async () => {
    const stream = await api.openai.completions.create({
      model,
      prompt: 'silent',
      max_tokens: 2,
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe(' silent0 silent1');
  });

  it('answers a request that fails before its first text by a status, streamed or not', async () => {
    const asked = [false, true].flatMap((stream) => [
      { prompt: 'refuse', stream },
      { prompt: 'unheard', stream },
    ]);
    for (const body of asked) {
      const response = await post('completions', { model, ...body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: {
          message: 'the prompt has 9 tokens, the context holds 8',
          type: 'invalid_request_error',
          param: 'prompt',
          code: 'context_length_exceeded',
        },
      });
    }
  });

  it('reports a failure in the middle of a stream as an error of the client', async () => {
    const stream = await api.openai.completions.create({
      model,
      prompt: 'late',
      max_tokens: 5,
      stream: true,
    });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    };
    await expect(read()).rejects.toThrow('the engine failed');
    expect(text).toBe(' late0 late1');
  });

  it('cancels the work when the client of a stream leaves', async () => {
    const stream = await api.openai.completions.create({
      model,
      prompt: 'slow',
      max_tokens: 60,
      stream: true,
    });
    let id = '';
    for await (const chunk of stream) {
      id = chunk.id;
      break;
    }
    stream.controller.abort();
    while ((await api.database.inferenceJobs.get(id)).status === 'running') await sleep(50);
    expect((await api.database.inferenceJobs.get(id)).status).toBe('cancelled');
    expect(api.generator.cancelled).toContain(id);
  });

  interface Told {
    readonly ids: string[];
    readonly chunks: CompletionChunk[];
  }

  /** The chunks of a stream and the ids of its events, or only so many. */
  async function told(response: Response, most = Infinity): Promise<Told> {
    const ids: string[] = [];
    const chunks: CompletionChunk[] = [];
    for await (const { id, data } of sentEvents(response)) {
      if (data === '[DONE]') break;
      if (id !== undefined) ids.push(id);
      chunks.push(completionChunk.parse(JSON.parse(data)));
      if (chunks.length >= most) break;
    }
    return { ids, chunks };
  }

  const textOf = ({ chunks }: Told) => chunks.map(({ choices }) => choices[0]?.text ?? '').join('');

  const resumed = (id: string, lastEventId?: string) =>
    fetch(`${api.url}/v1/completions/${id}/events`, {
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });

  it('goes on in the background with a stream that breaks off, and with the stream where it was', async () => {
    const controller = new AbortController();
    const body = {
      ...{ model, prompt: 'slow', max_tokens: 12, stream: true, background: true },
      stream_options: { include_usage: true },
    };
    const begun = await told(await post('completions', body, controller.signal), 2);
    controller.abort();
    const [{ id } = { id: '' }] = begun.chunks;
    const rest = await told(await resumed(id, begun.ids.at(-1)));
    const whole = Array.from({ length: 12 }, (_, index) => ` slow${index}`).join('');
    expect(textOf(begun) + textOf(rest)).toBe(whole);
    expect(rest.chunks.at(-1)).toMatchObject({ id, model, choices: [], usage: { completion_tokens: 12 } });
    expect(Number(rest.ids[0])).toBe(Number(begun.ids.at(-1)) + 1);
    // Ended by now: from the beginning, and behind the end.
    expect(textOf(await told(await resumed(id)))).toBe(whole);
    const end = await told(await resumed(id, rest.ids.at(-1)));
    expect(textOf(end)).toBe('');
    expect(end.chunks[0]?.choices[0]?.finish_reason).toBe('length');
  });

  it('refuses to resume what is no stream of the caller’s, or behind events that there are not', async () => {
    const answer = completion.parse(
      await (await post('completions', { model, prompt: 'x', max_tokens: 1 })).json(),
    );
    const stream = await told(await post('completions', { model, prompt: 'x', max_tokens: 1, stream: true }));
    const id = stream.chunks[0]?.id ?? '';
    const refused = async (response: Response) => {
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code];
    };
    expect(await refused(await resumed(answer.id))).toEqual([409, 'not_streamed']);
    expect(await refused(await resumed('cmpl-none'))).toEqual([404, 'inference_job_not_found']);
    expect(await refused(await resumed(id, 'x'))).toEqual([400, 'bad_last_event_id']);
    expect(await refused(await resumed(id, '99'))).toEqual([409, 'events_expired']);
    expect(await refused(await fetch(`${api.url}/v1/chat/completions/${id}/events`))).toEqual([
      404,
      'inference_job_not_found',
    ]);
    const noStream = await post('completions', { model, prompt: 'x', background: true });
    expect(noStream.status).toBe(400);
    expect(await noStream.text()).toContain('`background` is only for requests with stream: true');
  });

  it('cancels the work when a client that waits for the whole answer leaves', async () => {
    const controller = new AbortController();
    const before = api.generator.cancelled.length;
    const response = post('completions', { model, prompt: 'slow', max_tokens: 60 }, controller.signal);
    await sleep(400);
    controller.abort();
    await expect(response).rejects.toThrow();
    const since = Date.now();
    while (api.generator.cancelled.length === before && Date.now() - since < 4_000) await sleep(50);
    expect(api.generator.cancelled.length).toBe(before + 1);
  });

  it('waits for a worker that comes later', async () => {
    await api.stopWorker();
    const answer = post('completions', { model, prompt: 'w', max_tokens: 1 });
    await sleep(300);
    await api.startWorker();
    expect(completion.parse(await (await answer).json()).choices[0]?.text).toBe(' w0');
  });

  it.each<[string, string, object, number, string, RegExp]>([
    [
      'an unknown model',
      'completions',
      { model: 'nope', prompt: 'x' },
      404,
      'model',
      /no model named "nope"/,
    ],
    ['an unknown adapter', 'completions', { model: 'ft:a:b:c', prompt: 'x' }, 404, 'model', /ft:a:b:c/],
    [
      'more tokens than the context',
      'completions',
      { prompt: 'x', max_tokens: 512 },
      400,
      'max_tokens',
      /holds 512/,
    ],
    [
      'a best of too few',
      'completions',
      { prompt: 'x', n: 2, best_of: 1 },
      400,
      'best_of',
      /at least `n`, 2/,
    ],
    [
      'a streamed best of several',
      'completions',
      { prompt: 'x', best_of: 2, stream: true },
      400,
      'best_of',
      /cannot be streamed/,
    ],
    ['five stops', 'completions', { prompt: 'x', stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'stop', /stop/],
    ['texts among ids', 'completions', { prompt: [1, 'a'] }, 400, 'prompt', /mixture: a number, a text/],
    ['a negative id', 'completions', { prompt: [[1], [2, -3]] }, 400, 'prompt', /-3 at place 1 in list 1/],
    ['too many logprobs', 'completions', { prompt: 'x', logprobs: 21 }, 400, 'logprobs', /20/],
    ['temperature 3', 'completions', { prompt: 'x', temperature: 3 }, 400, 'temperature', /temperature/],
    ['an unknown field', 'completions', { prompt: 'x', typical_p: 1 }, 400, 'typical_p', /typical_p/],
    ['no messages', 'chat/completions', { messages: [] }, 400, 'messages', /messages/],
    [
      'a tool role',
      'chat/completions',
      { messages: [{ role: 'tool', content: '' }] },
      400,
      'messages.0.role',
      /tool/,
    ],
    [
      'tools',
      'chat/completions',
      { messages: [{ role: 'user', content: 'x' }], tools: [{ type: 'function' }] },
      400,
      'tools',
      /not supported/,
    ],
  ])('refuses %s', async (_, path, body, status, param, message) => {
    const response = await post(path, { model, ...body });
    expect(response.status).toBe(status);
    const answer: unknown = await response.json();
    expect(answer).toMatchObject({ error: { type: 'invalid_request_error', param } });
    expect(answer).toHaveProperty('error.message', expect.stringMatching(message));
  });

  it('takes what OpenAI clients add without meaning', async () => {
    const response = await post('chat/completions', {
      ...{ model, messages: [{ role: 'user', content: 'x', name: null }], max_tokens: 1, n: 1, user: 'me' },
      ...{ frequency_penalty: 0, logit_bias: {}, response_format: { type: 'text' }, tools: [], store: false },
    });
    expect(response.status).toBe(200);
  });

  it('does not answer for a model that is not ready', async () => {
    await api.database.baseModels.create({ id: `half-${backend}`, source: 'x' });
    const response = await post('completions', { model: `half-${backend}`, prompt: 'x' });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_ready', param: 'model' } });
  });
});
