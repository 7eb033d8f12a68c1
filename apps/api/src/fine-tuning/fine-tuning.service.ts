import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CreateFineTuningJob } from '@prad/contracts';
import { FineTuningJobRepository, JobEventRepository } from '@prad/database';
import { newId, type FineTuningJob, type JobEvaluation, type NewFineTuningJob } from '@prad/domain';
import { JobProducer } from '@prad/queue';
import { BlobStore } from '@prad/storage';
import { currentRequestId } from '@prad/telemetry';
import { JobCheck } from './job-check.js';

@Injectable()
export class FineTuningService {
  constructor(
    private readonly checks: JobCheck,
    private readonly jobs: FineTuningJobRepository,
    private readonly events: JobEventRepository,
    private readonly producer: JobProducer,
    private readonly blobs: BlobStore,
  ) {}

  /** Checks, records the job and queues it. */
  async submit(
    project: string,
    request: CreateFineTuningJob,
    evaluation: JobEvaluation | null,
  ): Promise<FineTuningJob> {
    const described = { ...(await this.described(project, request)), evaluation };
    const { id } = described;
    const job = await this.jobs.create(described);
    await this.tellCreated(described, '');
    await this.queue(id);
    return job;
  }

  /** A new job for a request that was checked. Throws what is wrong with it. */
  async described(project: string, request: CreateFineTuningJob): Promise<NewFineTuningJob> {
    const checked = await this.checks.check(project, request);
    const { base, training, validation, settings, method, warnings } = checked;
    return {
      ...{ id: newId('ftjob'), project, model: base.id, task: settings.task?.name ?? null },
      ...{ trainingFile: training.id, validationFile: validation?.id ?? null },
      ...{ suffix: request.suffix ?? null, seed: request.seed ?? randomInt(2 ** 31), method },
      ...{ metadata: request.metadata ?? {}, warnings, status: 'queued', priority: request.priority ?? 0 },
    };
  }

  /** The first events of a recorded job. */
  async tellCreated({ id, warnings = [] }: NewFineTuningJob, what: string): Promise<void> {
    await this.events.append(id, { level: 'info', message: `Created fine-tuning job: ${id}${what}` });
    for (const message of warnings) await this.events.append(id, { level: 'warn', message });
  }

  /** Ends a waiting job, asks a running one to stop. Throws notFound, or conflict for one that has ended. */
  async cancel(project: string, id: string): Promise<FineTuningJob> {
    const { trainingState, startedAt } = await this.jobs.getIn(project, id);
    const job = await this.jobs.requestCancel(id);
    const ended = `The job was cancelled ${startedAt === null ? 'before it began' : 'while it waited'}`;
    await this.events.append(id, {
      level: 'info',
      message: job.status === 'cancelled' ? ended : 'Cancel requested',
    });
    // Row first: a blob without a row is only waste.
    if (job.status === 'cancelled' && trainingState) await this.blobs.delete(trainingState.blobKey);
    return job;
  }

  /** Pauses a waiting job, asks a running one to. Throws notFound, or conflict for one that ends or has ended. */
  async pause(project: string, id: string): Promise<FineTuningJob> {
    const before = await this.jobs.getIn(project, id);
    const job = await this.jobs.requestPause(id);
    if (before.status === 'paused') return job;
    const message = job.status === 'paused' ? 'The job was paused before it began' : 'Pause requested';
    await this.events.append(id, { level: 'info', message });
    return job;
  }

  /** Queues a paused job again; it goes on from its state. Throws notFound, or conflict for one that is not paused. */
  async resume(project: string, id: string): Promise<FineTuningJob> {
    await this.jobs.getIn(project, id);
    const job = await this.jobs.resume(id);
    await this.events.append(id, { level: 'info', message: 'The job was resumed' });
    // A ticket of before the pause may still be about; where none is, the workers queue the row in a while.
    await this.producer.restore('train', { fineTuningJobId: id }, await this.jobs.placeOf(id));
    return job;
  }

  private async queue(id: string): Promise<void> {
    try {
      const place = await this.jobs.placeOf(id);
      await this.producer.add('train', { fineTuningJobId: id, requestId: currentRequestId() }, place);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await this.jobs.reject(id, { code: 'queue_unavailable', message, param: null });
      throw error;
    }
  }
}
