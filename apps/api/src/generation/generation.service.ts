import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { InferenceEndpoint } from '@prad/domain';
import { AppError } from '@prad/errors';
import {
  choicesOf,
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
  | { readonly kind: 'text'; readonly choice: number; readonly piece: TextPiece }
  | { readonly kind: 'done'; readonly answer: Answer };

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
    const sent = Array.from({ length: started.choices }, () => ({ text: '', tokens: 0 }));
    for await (const update of this.queue.follow(started, left)) {
      if (update.kind === 'ended') {
        yield* this.ending(update.job, sent);
        continue;
      }
      const { choice, text, tokens = null } = update.event;
      if (text === '' && !tokens?.length) continue;
      if (sent.every((before) => before.text === '')) this.metrics.observeFirstToken(started.createdAt);
      const before = sent[choice] ?? { text: '', tokens: 0 };
      sent[choice] = { text: before.text + text, tokens: before.tokens + (tokens?.length ?? 0) };
      yield { kind: 'text', choice, piece: { text, tokens } };
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

  private *ending(
    job: SucceededInference,
    sent: readonly { readonly text: string; readonly tokens: number }[],
  ): Generator<GenerationUpdate> {
    const answer = { job, result: generationResult.parse(job.result) };
    this.metrics.observeAnswer(job);
    for (const [choice, { text, tokens }] of answer.result.choices.entries()) {
      const before = sent[choice] ?? { text: '', tokens: 0 };
      const rest = text.slice(before.text.length);
      const more = tokens?.slice(before.tokens) ?? null;
      if (rest !== '' || more?.length) yield { kind: 'text', choice, piece: { text: rest, tokens: more } };
    }
    yield { kind: 'done', answer };
  }
}
