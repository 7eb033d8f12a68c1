import type { CreateCompletion, FinishReason, GenerationFactsObject, UsageObject } from '@prad/contracts';
import { useEffect, useRef, useState } from 'react';
import { streamCompletion } from '../../api/stream-completion.js';

/** What one model has answered so far. */
export interface Answer {
  readonly state: 'waiting' | 'streaming' | 'done' | 'cancelled' | 'failed';
  readonly text: string;
  readonly finish: FinishReason | null;
  readonly usage: UsageObject | null;
  readonly facts: GenerationFactsObject | null;
  readonly error: Error | null;
}

export type Answers = Readonly<Record<string, Answer>>;

const waiting: Answer = { state: 'waiting', text: '', finish: null, usage: null, facts: null, error: null };

/** Answers by model. All requests of one question are sent at once, so that they can share batches. */
export function useAnswers() {
  const [answers, setAnswers] = useState<Answers>({});
  const [isRunning, setRunning] = useState(false);
  const running = useRef<AbortController>(null);

  useEffect(() => () => running.current?.abort(), []);

  const ask = async (requests: readonly CreateCompletion[]) => {
    const asking = new AbortController();
    running.current = asking;
    setRunning(true);
    setAnswers(Object.fromEntries(requests.map(({ model }) => [model, waiting])));
    const follow = async (request: CreateCompletion) => {
      for await (const answer of answerOf(request, asking.signal)) {
        setAnswers((known) => ({ ...known, [request.model]: answer }));
      }
    };
    await Promise.all(requests.map(follow));
    setRunning(false);
  };
  return { answers, isRunning, ask, cancel: () => running.current?.abort() };
}

/** The answer after each chunk, and how it ended. */
async function* answerOf(request: CreateCompletion, signal: AbortSignal): AsyncGenerator<Answer, void> {
  let answer = waiting;
  try {
    for await (const { choices, usage, prad } of streamCompletion(request, signal)) {
      const choice = choices[0];
      answer = {
        state: 'streaming',
        text: answer.text + (choice?.text ?? ''),
        finish: choice?.finish_reason ?? answer.finish,
        usage: usage ?? answer.usage,
        facts: prad ?? answer.facts,
        error: null,
      };
      yield answer;
    }
    yield { ...answer, state: 'done' };
  } catch (error) {
    if (signal.aborted) yield { ...answer, state: 'cancelled' };
    else
      yield { ...answer, state: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}
