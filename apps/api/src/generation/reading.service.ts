import { Injectable } from '@nestjs/common';
import type { InferenceEndpoint } from '@prad/domain';
import { AppError } from '@prad/errors';
import { readingResult, type ReadingRequest, type ReadingResult } from '@prad/queue';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { ModelResolver } from '../models/model-resolver.js';
import { RequestQueue, type SucceededInference } from './request-queue.js';
import { schedulingOf, type SchedulingRequest } from './scheduling.js';

export interface ReadingSubmission {
  readonly project: string;
  readonly endpoint: Extract<InferenceEndpoint, 'embedding' | 'score'>;
  readonly model: string;
  readonly prompts: ReadingRequest['prompts'];
  readonly wants: ReadingRequest['wants'];
  readonly scheduling: SchedulingRequest;
}

type Kind = ReadingResult['kind'];

/** What was read, in a row that has ended. */
export interface ReadingAnswer<K extends Kind = Kind> {
  readonly job: SucceededInference;
  /** The name that the client asked for. */
  readonly model: string;
  readonly result: Extract<ReadingResult, { kind: K }>;
}

/** Has prompts read that want no text. */
@Injectable()
export class ReadingService {
  constructor(
    private readonly models: ModelResolver,
    private readonly queue: RequestQueue,
    private readonly metrics: ApiMetrics,
  ) {}

  /** Queues the request and waits for its end; ends and throws as `RequestQueue.follow` does. */
  async read<K extends Kind>(
    {
      project,
      endpoint,
      model: name,
      prompts,
      wants,
      scheduling,
    }: ReadingSubmission & { readonly endpoint: K },
    signal: AbortSignal,
  ): Promise<ReadingAnswer<K>> {
    const model = await this.models.resolve(project, name);
    const request: ReadingRequest = { prompts, wants, ...schedulingOf(scheduling) };
    const started = await this.queue.add({ project, endpoint, model, request });
    for await (const update of this.queue.follow(started, signal)) {
      if (update.kind !== 'ended') continue;
      const { job } = update;
      this.metrics.observeAnswer(job);
      const result = readingResult.parse(job.result);
      if (isOf(result, endpoint)) return { job, model: name, result };
    }
    throw new AppError({
      kind: 'bug',
      code: 'no_answer',
      message: `request ${started.id} ended without an answer of its kind`,
    });
  }
}

function isOf<K extends Kind>(result: ReadingResult, kind: K): result is Extract<ReadingResult, { kind: K }> {
  return result.kind === kind;
}
