import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FinishReason } from '@prad/contracts';
import { InferenceJobRepository } from '@prad/database';
import { isFinal, type InferenceEndpoint } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  choicesOf,
  generationRequest,
  generationResult,
  type AnswerToken,
  type GenerationRequest,
  type GenerationResult,
} from '@prad/queue';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { ModelResolver } from '../models/model-resolver.js';
import { RequestQueue, type StartedRequest, type SucceededInference } from './request-queue.js';
import { samplingOf, type SamplingRequest } from './sampling.js';
import { schedulingOf, type SchedulingRequest } from './scheduling.js';

export interface Submission {
  readonly project: string;
  readonly endpoint: Extract<InferenceEndpoint, 'completion' | 'chat'>;
  readonly model: string;
  readonly input: GenerationRequest['input'];
  readonly sampling: SamplingRequest & SchedulingRequest;
  /** Null where the client waits for the whole answer. */
  readonly stream: StreamRequest | null;
}

/** The fields of a streamed request. */
export interface StreamRequest {
  readonly includeUsage: boolean;
  readonly background: boolean;
}

/** The fields of a request that say how it is streamed; null for one that is not. */
export function streamOf(body: {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined;
  readonly background?: boolean | null | undefined;
}): StreamRequest | null {
  if (body.stream !== true) return null;
  return { includeUsage: body.stream_options?.include_usage === true, background: body.background === true };
}

/** A request for text that a worker will answer. */
export interface StartedGeneration extends StartedRequest {
  /** The name that the client asked for. */
  readonly model: string;
  readonly seed: number;
  readonly choices: number;
}

/** A stream that was begun before. */
export interface ResumedGeneration extends StartedGeneration {
  readonly includeUsage: boolean;
}

/** What a client of a stream sees: pieces of text, the ends of all choices but the last, and at last the whole answer. */
export type GenerationUpdate =
  | {
      readonly kind: 'text';
      readonly choice: number;
      readonly piece: TextPiece;
      /** By which a stream is resumed behind it; null where the stream lost it and the row makes up for it. */
      readonly sequence: number | null;
    }
  | {
      readonly kind: 'finished';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly sequence: number;
    }
  | {
      readonly kind: 'done';
      readonly answer: Answer;
      /** Choices whose end was told before. */
      readonly finished: ReadonlySet<number>;
    };

/** New text of a choice, and its tokens where the request asks for log-probabilities. */
export interface TextPiece {
  readonly text: string;
  readonly tokens: readonly AnswerToken[] | null;
}

export interface Answer {
  readonly job: SucceededInference;
  readonly result: GenerationResult;
}

@Injectable()
export class GenerationService {
  constructor(
    private readonly models: ModelResolver,
    private readonly jobs: InferenceJobRepository,
    private readonly queue: RequestQueue,
    private readonly metrics: ApiMetrics,
  ) {}

  /** Checks what needs no tokenizer, records the request and queues it. */
  async start(submission: Submission): Promise<StartedGeneration> {
    const { project, endpoint, model: name, input, stream } = submission;
    const model = await this.models.resolve(project, name);
    const { contextLength } = model.base;
    const sampling = samplingOf(submission.sampling, contextLength, () => randomInt(2 ** 31));
    const streamed = stream && { model: name, includeUsage: stream.includeUsage };
    const request: GenerationRequest = {
      ...{ input, sampling, ...schedulingOf(submission.sampling) },
      ...{ stream: stream !== null, streamed },
    };
    const background = stream?.background === true;
    const started = await this.queue.add({ project, endpoint, model, request, background });
    return { ...started, model: name, seed: sampling.seed, choices: choicesOf(request) };
  }

  /**
   * A stream of the project that broke off; its work goes on whoever reads. Throws notFound for another endpoint's request,
   * conflict `not_streamed` for one that was not streamed.
   */
  async resume(project: string, endpoint: Submission['endpoint'], id: string): Promise<ResumedGeneration> {
    const job = await this.jobs.getIn(project, id);
    if (job.endpoint !== endpoint) throw notOf(endpoint, id);
    const request = generationRequest.parse(job.request);
    const { streamed, sampling, timeoutMs } = request;
    if (streamed === null) throw notStreamed(id);
    const { createdAt } = job;
    const passed = Date.now() - createdAt.getTime();
    return {
      ...{ id, createdAt, ...streamed, seed: sampling.seed, choices: choicesOf(request) },
      ...{ background: true, streams: true, fresh: false },
      timeoutMs: timeoutMs === null || isFinal(job.status) ? null : Math.max(1, timeoutMs - passed),
    };
  }

  /**
   * The texts as they come and then the answer; for a stream that is resumed, those after the event `after` of its first
   * reader. Whatever the stream lost is made up for from the row. Ends and throws as `RequestQueue.follow` does; conflict
   * `events_expired` where the queue no longer knows what came before `after`.
   */
  async *follow(
    started: StartedGeneration,
    left: AbortSignal,
    after: number | null = null,
  ): AsyncGenerator<GenerationUpdate, void> {
    const sent = Array.from({ length: started.choices }, () => ({ text: '', tokens: 0 }));
    const finished = new Set<number>();
    let seen = 0;
    for await (const update of this.queue.follow(started, left)) {
      if (update.kind === 'ended') {
        if (seen < (after ?? 0)) throw eventsExpired(started.id);
        if (after === null) this.metrics.observeAnswer(update.job);
        yield* ending(update.job, sent, finished);
        continue;
      }
      const { sequence } = update;
      seen = sequence;
      const { choice, text, tokens = null, finishReason: reason } = update.event;
      // The last one ends with the answer, whose facts its chunk carries.
      if (reason !== null && finished.size + 1 < started.choices) {
        finished.add(choice);
        if (sequence > (after ?? 0)) yield { kind: 'finished', choice, reason, sequence };
      }
      if (text === '' && !tokens?.length) continue;
      if (after === null && sent.every((before) => before.text === ''))
        this.metrics.observeFirstToken(started.createdAt);
      const before = sent[choice] ?? { text: '', tokens: 0 };
      sent[choice] = { text: before.text + text, tokens: before.tokens + (tokens?.length ?? 0) };
      if (sequence > (after ?? 0)) yield { kind: 'text', choice, piece: { text, tokens }, sequence };
    }
  }

  /** Waits for the answer without looking at the stream's texts. */
  async finish(started: StartedGeneration, signal: AbortSignal): Promise<Answer> {
    for await (const update of this.follow(started, signal)) {
      if (update.kind === 'done') return update.answer;
    }
    throw new AppError({
      kind: 'bug',
      code: 'no_answer',
      message: `request ${started.id} ended without an answer`,
    });
  }
}

/** What the stream did not tell, and the answer. */
function* ending(
  job: SucceededInference,
  sent: readonly { readonly text: string; readonly tokens: number }[],
  finished: ReadonlySet<number>,
): Generator<GenerationUpdate> {
  const answer = { job, result: generationResult.parse(job.result) };
  for (const [choice, { text, tokens }] of answer.result.choices.entries()) {
    const before = sent[choice] ?? { text: '', tokens: 0 };
    const rest = text.slice(before.text.length);
    const more = tokens?.slice(before.tokens) ?? null;
    if (rest !== '' || more?.length)
      yield { kind: 'text', choice, piece: { text: rest, tokens: more }, sequence: null };
  }
  yield { kind: 'done', answer, finished };
}

function notOf(endpoint: Submission['endpoint'], id: string): AppError {
  return new AppError({
    kind: 'notFound',
    code: 'inference_job_not_found',
    message: `there is no ${endpoint === 'chat' ? 'chat completion' : 'completion'} named ${JSON.stringify(id)}`,
    details: { id },
  });
}

function notStreamed(id: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'not_streamed',
    message: `request ${id} is not a stream: GET /v1/jobs/${id} tells how it is`,
  });
}

function eventsExpired(id: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'events_expired',
    message: `the events of request ${id} are no longer kept one by one: ask for its stream without Last-Event-ID`,
  });
}
