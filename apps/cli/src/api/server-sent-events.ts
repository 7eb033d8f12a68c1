import type { z } from 'zod';
import { streamedError } from './api-error.js';

/** One event of a text/event-stream. */
export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Splits a stream of bytes into its events. Comments and fields other than id and data are left out. */
export async function* serverSentEvents(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== undefined) yield event;
    }
  }
}

function eventOf(block: string): ServerSentEvent | undefined {
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { id, data: data.join('\n') };
}

/** What an event's data tell. @throws AppError the one that they tell. */
export function parseEvent<T>(data: string, schema: z.ZodType<T>): T {
  const event: unknown = JSON.parse(data);
  const error = streamedError(event);
  if (error) throw error;
  return schema.parse(event);
}
