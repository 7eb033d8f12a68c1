import type { Repositories } from '@prad/database';
import { newId, type InferenceJob } from '@prad/domain';
import type { AppError } from '@prad/errors';
import {
  choicesOf,
  generationRequest,
  type GenerationRequest,
  type JobContext,
  type JobHandler,
  type JobPayload,
} from '@prad/queue';
import type { ComputeThread } from '@prad/runtime';
import type { BlobStore } from '@prad/storage';
import type { GenerateParams, RequestPrompt } from '../compute/generation-messages.js';
import type { GenerationHandlers } from '../compute/generation-thread.js';
import { failureOf } from '../failure-of.js';
import { Heartbeats } from '../lease/heartbeats.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease } from '../lease/under-lease.js';
import { Answer } from './answer.js';
import { InferenceRow } from './inference-row.js';
import { read } from './read.js';
import { requestedModel } from './requested-model.js';

/** Answers a request to a model: claim, generate or read on the compute thread, stream text, write the answer to the row. */
export class GenerateHandler implements JobHandler<'generate'> {
  readonly job = 'generate';
  readonly #heartbeats = new Heartbeats((held) =>
    this.rows.inferenceJobs.heartbeats(held, this.timing.leaseMs),
  );

  constructor(
    private readonly rows: Repositories,
    private readonly blobs: BlobStore,
    private readonly thread: ComputeThread<GenerationHandlers>,
    private readonly timing: LeaseTiming,
  ) {}

  async handle(
    { inferenceJobId: id }: JobPayload<'generate'>,
    context: JobContext<'generate'>,
  ): Promise<void> {
    const row = new InferenceRow(this.rows.inferenceJobs, id, this.timing.leaseMs, this.#heartbeats);
    await underLease(row, this.timing, context.signal, async (job, { owner, signal }) => {
      const model = await requestedModel(this.rows, this.blobs, job);
      if (job.endpoint === 'embedding' || job.endpoint === 'score') {
        await this.rows.inferenceJobs.succeed(id, owner, await read(this.thread, job, model, signal));
        return;
      }
      const request = generationRequest.parse(job.request);
      const params = paramsOf(job, request, model);
      const answer = new Answer(choicesOf(request), request.sampling.logprobs !== null);
      for await (const event of this.thread.stream('generate', params, signal)) {
        const told = answer.take(event);
        if (request.stream && told) context.stream(told);
      }
      await this.rows.inferenceJobs.succeed(id, owner, answer.outcome(job));
    });
  }

  async giveUp({ inferenceJobId: id }: JobPayload<'generate'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.inferenceJobs.claim(id, owner, this.timing.leaseMs))) return;
    await this.rows.inferenceJobs.fail(id, owner, {
      ...failureOf(error),
      // A reader that finds the row before the queue's word of it answers with the same status.
      ...(error.kind === 'invalid' && { invalid: true }),
    });
  }
}

function paramsOf(
  job: InferenceJob,
  { input, sampling, priority, timeoutMs }: GenerationRequest,
  model: Pick<GenerateParams, 'base' | 'adapter'>,
): GenerateParams {
  return {
    ...model,
    prompts:
      input.kind === 'prompts'
        ? input.prompts.map(promptOf)
        : [{ kind: 'messages', messages: input.messages }],
    candidates: input.kind === 'prompts' ? input.candidates : null,
    share: job.project,
    priority,
    deadline: timeoutMs === null ? undefined : job.createdAt.getTime() + timeoutMs,
    sampling,
  };
}

type StoredPrompt = Extract<GenerationRequest['input'], { kind: 'prompts' }>['prompts'][number];

function promptOf(prompt: StoredPrompt): RequestPrompt {
  if (typeof prompt === 'string') return { kind: 'text', text: prompt };
  return Array.isArray(prompt) ? { kind: 'pieces', pieces: prompt } : { kind: 'tokens', ...prompt };
}
