import { expect, it } from 'vitest';
import { serverSentEvents, type ServerSentEvent } from './server-sent-events.js';

async function read(...chunks: string[]): Promise<ServerSentEvent[]> {
  const encoder = new TextEncoder();
  async function* body() {
    for (const chunk of chunks) yield await Promise.resolve(encoder.encode(chunk));
  }
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(body())) events.push(event);
  return events;
}

it('reads events that arrive in any pieces, and skips comments', async () => {
  expect(await read('id: 1\nda', 'ta: {"a":1}\n', '\n:\n\ndata: b', '\n\n')).toEqual([
    { id: '1', data: '{"a":1}' },
    { id: undefined, data: 'b' },
  ]);
});

it('leaves an unfinished event out', async () => {
  expect(await read('data: a\n\ndata: b')).toEqual([{ id: undefined, data: 'a' }]);
});
