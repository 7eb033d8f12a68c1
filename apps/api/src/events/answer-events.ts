import type { EventQuery } from '@prad/contracts';
import type { JobEvent } from '@prad/domain';
import type { FastifyReply } from 'fastify';
import { disconnection, type Drain } from '../http/drain.js';
import { lastSequenceOf } from '../http/last-event-id.js';
import { toList } from '../http/page.view.js';
import { ServerSentEvents } from '../http/server-sent-events.js';
import { followEvents, type Storied } from './event-feed.js';

export interface EventRequest {
  readonly query: EventQuery;
  readonly lastEventId: string | undefined;
  readonly reply: FastifyReply;
}

/**
 * Answers with a page of the events, or with a stream of them that ends in `[DONE]` at the end of the story; one that ends
 * otherwise is resumed by Last-Event-ID.
 * @throws AppError invalid `bad_last_event_id`.
 */
export async function answerEvents(
  story: Storied,
  { query, lastEventId, reply }: EventRequest,
  view: (event: JobEvent) => { readonly id: string },
  drain: Drain,
): Promise<void> {
  if (query.stream !== 'true') {
    const page = await story.events.list(story.id, { after: query.after, limit: query.limit });
    await reply.send(toList(page, view));
    return;
  }
  const afterSequence = lastSequenceOf(lastEventId);
  const signal = AbortSignal.any([disconnection(reply), drain.stopping]);
  const stream = new ServerSentEvents(reply);
  try {
    for await (const event of followEvents(story, afterSequence, signal)) {
      await stream.send(JSON.stringify(view(event)), { id: String(event.sequence) });
    }
    if (!signal.aborted) await stream.send('[DONE]');
  } finally {
    stream.end();
  }
}
