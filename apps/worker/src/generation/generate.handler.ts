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
import type { GenerateParams } from '../compute/generation-messages.js';
import type { GenerationHandlers } from '../compute/generation-thread.js';
import { failureOf } from '../failure-of.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease } from '../lease/under-lease.js';
import { Answer } from './answer.js';
import { InferenceRow } from './inference-row.js';

/** Answers a request for text: claim, generate on the compute thread, stream, write the answer to the row. */
export class GenerateHandler implements JobHandler<'generate'> {
  readonly job = 'generate';

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
    const row = new InferenceRow(this.rows.inferenceJobs, id, this.timing.leaseMs);
    await underLease(row, this.timing, context.signal, async (job, { owner, signal }) => {
      const request = generationRequest.parse(job.request);
      const params = await this.#params(job, request);
      const answer = new Answer(choicesOf(request));
      for await (const event of this.thread.stream('generate', params, signal)) {
        const told = answer.take(event);
        if (request.stream) context.stream(told);
      }
      await this.rows.inferenceJobs.succeed(id, owner, answer.outcome(job));
    });
  }

  async giveUp({ inferenceJobId: id }: JobPayload<'generate'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.inferenceJobs.claim(id, owner, this.timing.leaseMs))) return;
    await this.rows.inferenceJobs.fail(id, owner, failureOf(error));
  }

  async #params(job: InferenceJob, request: GenerationRequest): Promise<GenerateParams> {
    const { input, sampling, priority, timeoutMs } = request;
    const base = await this.rows.baseModels.getReady(job.baseModel);
    return {
      base: { name: base.id, folder: await this.blobs.localPath(base.blobKey) },
      adapter: job.adapter === null ? undefined : await this.#adapter(job.adapter, job.adapterVersion),
      prompts:
        input.kind === 'prompts'
          ? input.prompts.map((prompt) =>
              typeof prompt === 'string'
                ? { kind: 'text', text: prompt }
                : { kind: 'pieces', pieces: prompt },
            )
          : [{ kind: 'messages', messages: input.messages }],
      candidates: input.kind === 'prompts' ? input.candidates : null,
      share: job.project,
      priority,
      deadline: timeoutMs === null ? undefined : job.createdAt.getTime() + timeoutMs,
      sampling,
    };
  }

  /** The version that the request was admitted with, whatever its name stands for by now. */
  async #adapter(name: string, version: number | null): Promise<GenerateParams['adapter']> {
    const { adapters } = this.rows;
    // A row without a version asks for the latest.
    const { blobKey, digest } =
      version === null ? (await adapters.get(name)).latest : await adapters.version(name, version);
    return { name, path: await this.blobs.localPath(blobKey), digest };
  }
}
