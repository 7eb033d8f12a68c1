import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InferenceJobRepository } from '@prad/database';
import { newId, type InferenceEndpoint, type InferenceJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  JobProducer,
  slotsOf,
  type GenerationEvent,
  type GenerationRequest,
  type ReadingRequest,
} from '@prad/queue';
import { currentRequestId } from '@prad/telemetry';
import type { ResolvedModel } from '../models/model-resolver.js';
import { GenerationStream } from '../queue.module.js';

/** A request to a model, checked as far as that needs no tokenizer. */
export interface QueuedRequest {
  readonly project: string;
  readonly endpoint: InferenceEndpoint;
  readonly model: ResolvedModel;
  readonly request: GenerationRequest | ReadingRequest;
  readonly background?: boolean;
}

/** A request that a worker will answer. */
export interface StartedRequest {
  readonly id: string;
  readonly createdAt: Date;
  /** After which nobody wants the answer; null: never. */
  readonly timeoutMs: number | null;
  /** Whether the work goes on when its reader leaves. */
  readonly background: boolean;
  /** Whether text is told as it comes. */
  readonly streams: boolean;
  /** Whether it was queued at this moment. */
  readonly fresh: boolean;
}

export type SucceededInference = Extract<InferenceJob, { status: 'succeeded' }>;

/** What is heard of a request: text as it comes, where it is streamed, and at last its row. */
export type RequestUpdate =
  | { readonly kind: 'event'; readonly sequence: number; readonly event: GenerationEvent }
  | { readonly kind: 'ended'; readonly job: SucceededInference };

const idPrefixes = {
  completion: 'cmpl',
  chat: 'chatcmpl',
  embedding: 'embd',
  score: 'score',
} as const satisfies Readonly<Record<InferenceEndpoint, string>>;
/** Between looks at a row whose job another worker is still finishing. */
const ROW_POLL_MS = 200;

/** Brings requests to the workers: the row first, then the queue; and waits for what comes of them. */
@Injectable()
export class RequestQueue {
  constructor(
    private readonly jobs: InferenceJobRepository,
    private readonly producer: JobProducer,
    private readonly stream: GenerationStream,
  ) {}

  /** Records the request and queues it. */
  async add({
    project,
    endpoint,
    model,
    request,
    background = false,
  }: QueuedRequest): Promise<StartedRequest> {
    const id = newId(idPrefixes[endpoint]);
    const { base, adapter, adapterVersion } = model;
    const turns = 'sampling' in request ? slotsOf(request) : request.prompts.length;
    const order = { priority: request.priority, turns };
    const row = { id, project, endpoint, baseModel: base.id, adapter, adapterVersion, request, ...order };
    const { createdAt, place } = await this.jobs.create(row);
    try {
      const payload = { inferenceJobId: id, requestId: currentRequestId() };
      await this.producer.add('generate', payload, place);
    } catch (error) {
      await this.jobs.reject(id, { code: 'queue_unavailable', message: String(error), param: null });
      throw error;
    }
    const streams = 'stream' in request && request.stream;
    return { id, createdAt, timeoutMs: request.timeoutMs, background, streams, fresh: true };
  }

  /**
   * The events as they come and then the row. When the signal is aborted, or the reader stops before the end, the work is
   * cancelled unless it goes on in the background. Throws `cancelled` where the signal is aborted, unavailable
   * `deadline_exceeded` when the request's time is over, and a failed job's error.
   */
  async *follow(started: StartedRequest, left: AbortSignal): AsyncGenerator<RequestUpdate, void> {
    const { timeoutMs } = started;
    const late = timeoutMs === null ? undefined : AbortSignal.timeout(Math.ceil(timeoutMs));
    const signal = late ? AbortSignal.any([left, late]) : left;
    try {
      yield* this.untilEnd(started, signal);
    } catch (error) {
      throw late?.aborted === true && !left.aborted ? tooLate(started) : error;
    }
  }

  private async *untilEnd(
    { id, background, streams, fresh }: StartedRequest,
    signal: AbortSignal,
  ): AsyncGenerator<RequestUpdate, void> {
    let ended = false;
    try {
      for await (const { sequence, event } of this.stream.read(id, { signal, streams, fresh }))
        yield { kind: 'event', sequence, event };
      const job = await this.succeeded(id, signal);
      ended = true;
      yield { kind: 'ended', job };
    } finally {
      // Also when the reader stops in the middle: nobody wants the rest.
      if (!ended && !background) await this.jobs.requestCancel(id);
    }
  }

  private async succeeded(id: string, signal: AbortSignal): Promise<SucceededInference> {
    for (;;) {
      if (signal.aborted) throw cancelled(id);
      const job = await this.jobs.get(id);
      switch (job.status) {
        case 'succeeded':
          return job;
        case 'failed': {
          const { code, message, param, invalid } = job.error;
          throw new AppError({
            kind: invalid === true ? 'invalid' : 'unavailable',
            ...{ code, message, details: { param } },
          });
        }
        case 'cancelled':
          throw cancelled(id);
        case 'queued':
        case 'running':
          // The queue is done with the job, but the row says that somebody works on it: another worker took it over.
          await sleep(ROW_POLL_MS);
      }
    }
  }
}

function tooLate({ id, timeoutMs }: StartedRequest): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'deadline_exceeded',
    message: `request ${id} was not answered within its ${timeoutMs} ms`,
    details: { param: 'timeout_seconds' },
  });
}

function cancelled(id: string): AppError {
  return new AppError({
    kind: 'cancelled',
    code: 'request_cancelled',
    message: `request ${id} was cancelled`,
  });
}
