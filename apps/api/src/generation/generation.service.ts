import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { InferenceEndpoint } from '@prad/domain';
import { AppError } from '@prad/errors';
import { choicesOf, generationResult, type GenerationRequest, type GenerationResult } from '@prad/queue';
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
  readonly stream: boolean;
}

/** A request for text that a worker will answer. */
export interface StartedGeneration extends StartedRequest {
  /** The name that the client asked for. */
  readonly model: string;
  readonly seed: number;
  readonly choices: number;
}

/** What a client of a stream sees: pieces of text, and at last the whole answer. */
export type GenerationUpdate =
  | { readonly kind: 'text'; readonly choice: number; readonly text: string }
  | { readonly kind: 'done'; readonly answer: Answer };

export interface Answer {
  readonly job: SucceededInference;
  readonly result: GenerationResult;
}

@Injectable()
export class GenerationService {
  constructor(
    private readonly models: ModelResolver,
    private readonly queue: RequestQueue,
    private readonly metrics: ApiMetrics,
  ) {}

  /** Checks what needs no tokenizer, records the request and queues it. */
  async start(submission: Submission): Promise<StartedGeneration> {
    const { project, endpoint, model: name, input, stream } = submission;
    const model = await this.models.resolve(project, name);
    const { contextLength } = model.base;
    const sampling = samplingOf(submission.sampling, contextLength, () => randomInt(2 ** 31));
    const request: GenerationRequest = { input, sampling, ...schedulingOf(submission.sampling), stream };
    const started = await this.queue.add({ project, endpoint, model, request });
    return { ...started, model: name, seed: sampling.seed, choices: choicesOf(request) };
  }

  /**
   * The texts as they come and then the answer. Whatever the stream lost is made up for from the row.
   * Ends and throws as `RequestQueue.follow` does.
   */
  async *follow(started: StartedGeneration, left: AbortSignal): AsyncGenerator<GenerationUpdate, void> {
    const sent = Array.from({ length: started.choices }, () => '');
    for await (const update of this.queue.follow(started, left)) {
      if (update.kind === 'ended') {
        yield* this.ending(update.job, sent);
        continue;
      }
      const { choice, text } = update.event;
      if (text === '') continue;
      if (sent.every((before) => before === '')) this.metrics.observeFirstToken(started.createdAt);
      sent[choice] = (sent[choice] ?? '') + text;
      yield { kind: 'text', choice, text };
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

  private *ending(job: SucceededInference, sent: readonly string[]): Generator<GenerationUpdate> {
    const answer = { job, result: generationResult.parse(job.result) };
    this.metrics.observeAnswer(job);
    for (const [choice, { text }] of answer.result.choices.entries()) {
      const rest = text.slice(sent[choice]?.length ?? 0);
      if (rest !== '') yield { kind: 'text', choice, text: rest };
    }
    yield { kind: 'done', answer };
  }
}
