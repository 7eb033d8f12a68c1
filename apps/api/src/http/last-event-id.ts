import { AppError } from '@prad/errors';

/** The sequence that a stream is resumed behind, by the header Last-Event-ID; 0 without one. @throws AppError invalid. */
export function lastSequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new AppError({
    kind: 'invalid',
    code: 'bad_last_event_id',
    message: `the header Last-Event-ID must be the sequence of an event, got ${JSON.stringify(lastEventId)}`,
  });
}
