import type { FinishReason, GenerationFactsObject, UsageObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { FastifyReply } from 'fastify';
import { errorResponse } from '../http/error-response.js';
import { lastSequenceOf } from '../http/last-event-id.js';
import { ServerSentEvents } from '../http/server-sent-events.js';
import { toFacts, toUsage } from './generation-facts.view.js';
import type {
  GenerationService,
  GenerationUpdate,
  StartedGeneration,
  Submission,
  TextPiece,
} from './generation.service.js';

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

export interface StreamOptions<C extends Chunk> {
  readonly view: ChunkView<C>;
  readonly includeUsage: boolean;
  /** Whether the client has seen the beginning. */
  readonly resumed?: boolean;
}

export interface ResumeRequest extends Pick<Submission, 'project' | 'endpoint'> {
  readonly id: string;
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Writes the updates as server-sent events that end in `[DONE]`; those that the stream can be resumed behind have an id. The headers wait for the first update, so that a
 * request that fails before it has text is answered by a status like any other; later errors are an event.
 */
export async function streamAnswer<C extends Chunk>(
  reply: FastifyReply,
  started: StartedGeneration,
  updates: AsyncGenerator<GenerationUpdate, void>,
  { view, includeUsage, resumed = false }: StreamOptions<C>,
): Promise<void> {
  let update = await updates.next();
  const events = new ServerSentEvents(reply);
  const send = (chunk: C, sequence: number | null = null) =>
    events.send(
      JSON.stringify(includeUsage ? { usage: null, ...chunk } : chunk),
      sequence === null ? {} : { id: String(sequence) },
    );
  try {
    if (!resumed) for (const chunk of view.opening()) await send(chunk);
    while (update.done !== true) {
      const { value } = update;
      if (value.kind === 'done') {
        for (const chunk of closing(value, started, view, includeUsage)) await send(chunk);
      } else {
        await send(chunkOf(value, view), value.sequence);
      }
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

/** Goes on with a stream behind the event that the header Last-Event-ID names, as `streamAnswer` writes it. */
export async function resumeAnswer<C extends Chunk>(
  reply: FastifyReply,
  generation: GenerationService,
  { project, endpoint, id, lastEventId, signal }: ResumeRequest,
  viewOf: (started: StartedGeneration) => ChunkView<C>,
): Promise<void> {
  const after = lastSequenceOf(lastEventId);
  const started = await generation.resume(project, endpoint, id);
  const { includeUsage } = started;
  const options = { view: viewOf(started), includeUsage, resumed: after > 0 };
  await streamAnswer(reply, started, generation.follow(started, signal, after), options);
}

function chunkOf<C extends Chunk>(
  update: Exclude<GenerationUpdate, { kind: 'done' }>,
  view: ChunkView<C>,
): C {
  return update.kind === 'text'
    ? view.text(update.choice, update.piece)
    : view.finish(update.choice, update.reason);
}

/** The finish of every choice that was not told. The last chunk of all carries the facts, and the usage where it was asked for. */
function closing<C extends Chunk>(
  { answer, finished }: Extract<GenerationUpdate, { kind: 'done' }>,
  started: StartedGeneration,
  view: ChunkView<C>,
  includeUsage: boolean,
): readonly C[] {
  const chunks = answer.result.choices.flatMap(({ finishReason }, choice) =>
    finished.has(choice) ? [] : [view.finish(choice, finishReason)],
  );
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
