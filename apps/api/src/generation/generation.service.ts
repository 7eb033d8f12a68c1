import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InferenceJobRepository } from '@prad/database';
import { isFinal, newId, type InferenceEndpoint, type InferenceJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  JobProducer,
  choicesOf,
  generationResult,
  type GenerationRequest,
  type GenerationResult,
} from '@prad/queue';
import { currentRequestId } from '@prad/telemetry';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { ModelResolver } from '../models/model-resolver.js';
import { GenerationStream } from '../queue.module.js';
import { samplingOf, type SamplingRequest } from './sampling.js';

export interface Submission {
  readonly project: string;
  readonly endpoint: InferenceEndpoint;
  readonly model: string;
  readonly input: GenerationRequest['input'];
  readonly sampling: SamplingRequest & SchedulingRequest;
  readonly stream: boolean;
}

interface SchedulingRequest {
  readonly priority?: number | null | undefined;
  readonly timeout_seconds?: number | null | undefined;
}

/** A request that a worker will answer. */
export interface StartedGeneration {
  readonly id: string;
  readonly createdAt: Date;
  /** The name that the client asked for. */
  readonly model: string;
  readonly seed: number;
  readonly choices: number;
  /** After which nobody wants the answer; null: never. */
  readonly timeoutMs: number | null;
}

export type SucceededInference = Extract<InferenceJob, { status: 'succeeded' }>;

/** What a client of a stream sees: pieces of text, and at last the whole answer. */
export type GenerationUpdate =
  | { readonly kind: 'text'; readonly choice: number; readonly text: string }
  | { readonly kind: 'done'; readonly answer: Answer };

export interface Answer {
  readonly job: SucceededInference;
  readonly result: GenerationResult;
}

const idPrefixes = { completion: 'cmpl', chat: 'chatcmpl' } as const;
/** Beyond as many unfinished requests, those of a project wait in their order alone. */
const MOST_TURNS = 1_000;
/** Between looks at a row whose job another worker is still finishing. */
const ROW_POLL_MS = 200;

@Injectable()
export class GenerationService {
  constructor(
    private readonly models: ModelResolver,
    private readonly jobs: InferenceJobRepository,
    private readonly producer: JobProducer,
    private readonly stream: GenerationStream,
    private readonly metrics: ApiMetrics,
  ) {}

  /** Checks what needs no tokenizer, records the request and queues it. */
  async start(submission: Submission): Promise<StartedGeneration> {
    const { project, endpoint, model, input, stream } = submission;
    const { base, adapter, adapterVersion } = await this.models.resolve(project, model);
    const sampling = samplingOf(submission.sampling, base.contextLength, () => randomInt(2 ** 31));
    const { priority, timeout_seconds: timeout } = submission.sampling;
    const timeoutMs = timeout ? Math.max(1, 1000 * timeout) : null;
    const request: GenerationRequest = { input, sampling, priority: priority ?? 0, timeoutMs, stream };
    const turn = await this.jobs.countUnfinishedIn(project, MOST_TURNS);
    const id = newId(idPrefixes[endpoint]);
    const { createdAt } = await this.jobs.create({
      id,
      project,
      endpoint,
      baseModel: base.id,
      adapter,
      adapterVersion,
      request,
    });
    try {
      const payload = { inferenceJobId: id, requestId: currentRequestId() };
      await this.producer.add('generate', payload, { priority: request.priority, turn });
    } catch (error) {
      await this.jobs.reject(id, { code: 'queue_unavailable', message: String(error), param: null });
      throw error;
    }
    return { id, createdAt, model, seed: sampling.seed, choices: choicesOf(request), timeoutMs };
  }

  /**
   * The texts as they come and then the answer. Whatever the stream lost is made up for from the row.
   * When the signal is aborted the work is cancelled and `cancelled` is thrown, when the request's time is over unavailable
   * `deadline_exceeded`; a failed job throws its error.
   */
  async *follow(started: StartedGeneration, left: AbortSignal): AsyncGenerator<GenerationUpdate, void> {
    const { timeoutMs } = started;
    const late = timeoutMs === null ? undefined : AbortSignal.timeout(Math.ceil(timeoutMs));
    const signal = late ? AbortSignal.any([left, late]) : left;
    try {
      yield* this.untilEnd(started, signal);
    } catch (error) {
      throw late?.aborted === true && !left.aborted ? tooLate(started) : error;
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

  private async *untilEnd(
    started: StartedGeneration,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationUpdate, void> {
    const sent = Array.from({ length: started.choices }, () => '');
    const settled = async () => isFinal((await this.jobs.get(started.id)).status);
    let ended = false;
    try {
      for await (const { event } of this.stream.read(started.id, { signal, settled })) {
        if (event.text !== '' && sent.every((text) => text === ''))
          this.metrics.observeFirstToken(started.createdAt);
        sent[event.choice] = (sent[event.choice] ?? '') + event.text;
        if (event.text !== '') yield { kind: 'text', choice: event.choice, text: event.text };
      }
      const answer = await this.answer(started.id, signal);
      ended = true;
      this.metrics.observeAnswer(answer);
      for (const [choice, { text }] of answer.result.choices.entries()) {
        const rest = text.slice(sent[choice]?.length ?? 0);
        if (rest !== '') yield { kind: 'text', choice, text: rest };
      }
      yield { kind: 'done', answer };
    } finally {
      // Also when the reader stops in the middle: nobody wants the rest.
      if (!ended) await this.jobs.requestCancel(started.id);
    }
  }

  private async answer(id: string, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      if (signal.aborted) throw cancelled(id);
      const job = await this.jobs.get(id);
      switch (job.status) {
        case 'succeeded':
          return { job, result: generationResult.parse(job.result) };
        case 'failed': {
          const { code, message, param } = job.error;
          throw new AppError({ kind: 'unavailable', code, message, details: { param } });
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

function tooLate({ id, timeoutMs }: StartedGeneration): AppError {
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
