import type { CompletionChunk, CreateCompletion, ErrorBody } from '@prad/contracts';
import { ApiError } from './api-error.js';
import { send } from './http.js';
import { readEvents } from './server-sent-events.js';

/** The chunks of a streamed answer. Throws ApiError, also for one that fails in the middle. */
export async function* streamCompletion(
  request: CreateCompletion,
  signal: AbortSignal,
): AsyncGenerator<CompletionChunk, void> {
  const response = await send('/v1/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  for await (const { data } of readEvents(response)) {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data) as CompletionChunk | ErrorBody;
    if ('error' in chunk) throw new ApiError(chunk.error.message, 500, chunk.error.code);
    yield chunk;
  }
}
