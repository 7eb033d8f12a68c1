import type { FinishReason, GenerationFactsObject, UsageObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { FastifyReply } from 'fastify';
import { errorResponse } from '../http/error-response.js';
import { ServerSentEvents } from '../http/server-sent-events.js';
import { toFacts, toUsage } from './generation-facts.view.js';
import type { Answer, GenerationUpdate, StartedGeneration, TextPiece } from './generation.service.js';

interface Chunk {
  usage?: UsageObject | null | undefined;
  prad?: GenerationFactsObject | undefined;
}

/** How an endpoint shapes the parts of its stream. */
export interface ChunkView<C extends Chunk> {
  opening(): readonly C[];
  text(choice: number, piece: TextPiece): C;
  finish(choice: number, reason: FinishReason): C;
  /** A chunk without choices, for the usage. */
  empty(): C;
}

/**
 * Writes the updates as server-sent events that end in `[DONE]`. The headers wait for the first update, so that a
 * request that fails before it has text is answered by a status like any other; later errors are an event.
 */
export async function streamAnswer<C extends Chunk>(
  reply: FastifyReply,
  started: StartedGeneration,
  updates: AsyncGenerator<GenerationUpdate, void>,
  options: { readonly view: ChunkView<C>; readonly includeUsage: boolean },
): Promise<void> {
  const { view, includeUsage } = options;
  let update = await updates.next();
  const events = new ServerSentEvents(reply);
  const send = (chunk: C) => events.send(JSON.stringify(includeUsage ? { usage: null, ...chunk } : chunk));
  try {
    for (const chunk of view.opening()) await send(chunk);
    while (update.done !== true) {
      const chunks = chunksOf(update.value, started, view, includeUsage);
      for (const chunk of chunks) await send(chunk);
      update = await updates.next();
    }
    await events.send('[DONE]');
  } catch (error) {
    await events.send(JSON.stringify(errorResponse(streamError(error)).body));
  } finally {
    await updates.return();
    events.end();
  }
}

function chunksOf<C extends Chunk>(
  update: GenerationUpdate,
  started: StartedGeneration,
  view: ChunkView<C>,
  includeUsage: boolean,
): readonly C[] {
  if (update.kind === 'text') return [view.text(update.choice, update.piece)];
  return closing(update.answer, started, view, includeUsage);
}

/** The finish of every choice. The last chunk of all carries the facts, and the usage where it was asked for. */
function closing<C extends Chunk>(
  answer: Answer,
  started: StartedGeneration,
  view: ChunkView<C>,
  includeUsage: boolean,
): readonly C[] {
  const chunks = answer.result.choices.map(({ finishReason }, choice) => view.finish(choice, finishReason));
  if (includeUsage) chunks.push({ ...view.empty(), usage: toUsage(answer) });
  const last = chunks.pop() ?? view.empty();
  return [...chunks, { ...last, prad: toFacts(started, answer) }];
}

function streamError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    kind: 'bug',
    code: 'internal_error',
    message: 'the server failed; its log has the reason',
    cause: error,
  });
}
