import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { ApiClient } from './api-client.js';

let server: Server | undefined;
afterEach(() => server?.close());

/** A client of a server whose streams are these events. */
async function answering(...events: readonly unknown[]): Promise<ApiClient> {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const chunk = {
  ...{ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm' },
  choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: null }],
};

/** The texts of an answer, up to an error. */
function reading(client: ApiClient): { readonly texts: string[]; readonly ended: Promise<void> } {
  const texts: string[] = [];
  const read = async () => {
    for await (const { choices } of client.streamCompletion({ model: 'm', prompt: 'p' })) {
      texts.push(...choices.map(({ text }) => text));
    }
  };
  return { texts, ended: read() };
}

it('throws the error that a stream ends in', async () => {
  const error = {
    ...{ type: 'service_unavailable_error', param: null, code: 'worker_lost' },
    message: 'the worker died; send the request again',
  };
  const { texts, ended } = reading(await answering(chunk, { error }));
  await expect(ended).rejects.toMatchObject({
    ...{ name: 'AppError', kind: 'unavailable', code: 'worker_lost', message: error.message },
  });
  expect(texts).toEqual(['a']);
});

it('does not take an answer for whole that broke off', async () => {
  const { texts, ended } = reading(await answering(chunk));
  await expect(ended).rejects.toMatchObject({ name: 'AppError', code: 'stream_broke_off' });
  expect(texts).toEqual(['a']);
});
