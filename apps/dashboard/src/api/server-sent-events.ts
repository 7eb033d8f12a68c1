import { keyGiven } from './access-key.js';
import { ApiError } from './api-error.js';
import { send } from './http.js';

export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** The events of one response. EventSource cannot send a key, so the stream is read through fetch. */
export async function* readEvents(response: Response): AsyncGenerator<ServerSentEvent, void> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== undefined) yield event;
    }
  }
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly onData: (data: string) => void;
  /** Called whenever the stream begins: what happened before may have to be read anew. */
  readonly onConnect?: () => void;
}

/**
 * Reads a stream until it says `[DONE]` or the signal is aborted. A stream that breaks is resumed after its last event,
 * first after a second and ever more rarely; one that wants a key
 * waits for it, and one that the API refuses otherwise is given up.
 */
export async function followEvents(
  path: string,
  { signal, onData, onConnect }: FollowOptions,
): Promise<void> {
  let last: string | undefined;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last };
      const response = await send(path, { signal, headers });
      onConnect?.();
      for await (const { id, data } of readEvents(response)) {
        wait = FIRST_WAIT_MS;
        last = id ?? last;
        if (data === '[DONE]') return;
        onData(data);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await keyGiven(signal);
      else if (isRefusal(error)) return;
    }
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

/** Overload and failures of the server pass; an unknown job does not. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
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
