import type { FineTuningEventObject } from '@prad/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { followEvents } from './server-sent-events.js';

/** A job's story so far and as it goes on, the oldest event first. Its end makes the job be read again. */
export function useLiveEvents(jobId: string): readonly FineTuningEventObject[] {
  const client = useQueryClient();
  const [events, setEvents] = useState<readonly FineTuningEventObject[]>([]);
  useEffect(() => {
    const leaving = new AbortController();
    const follow = async () => {
      await followEvents(`/v1/fine_tuning/jobs/${jobId}/events?stream=true`, {
        signal: leaving.signal,
        onData: (data) => {
          const event = JSON.parse(data) as FineTuningEventObject;
          // Measurements are the curves' business.
          if (event.type === 'message') setEvents((known) => [...known, event]);
        },
      });
      if (!leaving.signal.aborted) await client.invalidateQueries({ queryKey: ['fine-tuning', jobId] });
    };
    void follow();
    return () => {
      leaving.abort();
      setEvents([]);
    };
  }, [client, jobId]);
  return events;
}
