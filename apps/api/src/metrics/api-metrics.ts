import { Injectable } from '@nestjs/common';
import { FineTuningJobRepository, InferenceJobRepository } from '@prad/database';
import { JobProducer, jobNames } from '@prad/queue';
import { Metrics } from '@prad/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SucceededInference } from '../generation/request-queue.js';

type Tokens = 'prompt' | 'completion';
type StatusCounts = Pick<FineTuningJobRepository | InferenceJobRepository, 'countByStatus'>;

/** Counting all rows takes a while where there are very many: readings closer together share one count. */
const COUNT_EVERY_MS = 15_000;

/** What the API measures. */
@Injectable()
export class ApiMetrics {
  private readonly requests;
  private readonly tokens;
  private readonly firstToken;

  constructor(
    private readonly metrics: Metrics,
    producer: JobProducer,
    trainings: FineTuningJobRepository,
    requests: InferenceJobRepository,
  ) {
    this.requests = metrics.histogram<'method' | 'route' | 'status'>({
      name: 'prad_http_request_duration_seconds',
      help: 'Time from a request’s first byte to its answer’s last one.',
      labels: ['method', 'route', 'status'],
    });
    this.tokens = metrics.counter<'kind'>({
      name: 'prad_answered_tokens_total',
      help: 'Tokens of answered requests to models: of prompts, and those that were generated or scored.',
      labels: ['kind'],
    });
    this.firstToken = metrics.histogram({
      name: 'prad_time_to_first_token_seconds',
      help: 'Time from a streamed request’s arrival to its first text.',
    });
    gaugeOfJobs(metrics, { fine_tuning: trainings, inference: requests });
    metrics.gauge<'queue' | 'state'>(
      { name: 'prad_queue_jobs', help: 'Jobs in the queue by state.', labels: ['queue', 'state'] },
      async (gauge) => {
        // A queue that does not answer leaves its figures out; /ready tells of it.
        gauge.reset();
        await Promise.allSettled(
          jobNames.map(async (queue) => {
            for (const [state, count] of Object.entries(await producer.depth(queue))) {
              gauge.set({ queue, state }, Number(count));
            }
          }),
        );
      },
    );
  }

  /** Counts an answered request; called by Fastify when the answer has been sent. */
  observeRequest(request: FastifyRequest, reply: FastifyReply): void {
    // The route's pattern: a label per path would be a label per id.
    const route = request.routeOptions.url ?? 'unknown';
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    this.requests.observe(labels, reply.elapsedTime / 1000);
  }

  observeFirstToken(since: Date): void {
    this.firstToken.observe((Date.now() - since.getTime()) / 1000);
  }

  observeAnswer({ usage }: SucceededInference): void {
    const { promptTokens, completionTokens } = usage;
    const counts: Readonly<Record<Tokens, number>> = { prompt: promptTokens, completion: completionTokens };
    for (const [kind, count] of Object.entries(counts)) this.tokens.inc({ kind }, count);
  }

  text(): Promise<string> {
    return this.metrics.text();
  }

  get contentType(): string {
    return this.metrics.contentType;
  }
}

/** Jobs by status from the rows, which know of all that ever were. */
function gaugeOfJobs(metrics: Metrics, kinds: Readonly<Record<string, StatusCounts>>): void {
  let countedAt = -Infinity;
  metrics.gauge<'kind' | 'status'>(
    { name: 'prad_jobs', help: 'Jobs by status, at most 15 s old.', labels: ['kind', 'status'] },
    async (gauge) => {
      if (performance.now() - countedAt < COUNT_EVERY_MS) return;
      countedAt = performance.now();
      gauge.reset();
      // Rows that cannot be had leave their figures out; /ready tells of it.
      await Promise.allSettled(
        Object.entries(kinds).map(async ([kind, rows]) => {
          for (const [status, count] of await rows.countByStatus()) gauge.set({ kind, status }, count);
        }),
      );
    },
  );
}
