import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CreateFineTuningJob } from '@prad/contracts';
import { DataFileRepository, FineTuningJobRepository, JobEventRepository } from '@prad/database';
import {
  newId,
  type DataFile,
  type FineTuningJob,
  type FineTuningMethod,
  type JobEvaluation,
  type JsonObject,
  type NewFineTuningJob,
  type ReadyBaseModel,
} from '@prad/domain';
import { AppError } from '@prad/errors';
import { JobProducer, TURNS, type TrainingSettings } from '@prad/queue';
import { currentRequestId } from '@prad/telemetry';
import { atField } from '../http/error-response.js';
import { ModelResolver } from '../models/model-resolver.js';
import { TaskResolver } from '../tasks/task-resolver.js';
import { trainingWarnings } from './training-warnings.js';
import { methodOptions, trainingSettings } from './training-defaults.js';

/** A request that fits its base and its files. */
export interface CheckedJob {
  readonly base: ReadyBaseModel;
  readonly training: DataFile;
  readonly validation: DataFile | undefined;
  readonly settings: TrainingSettings;
  readonly method: FineTuningMethod;
  readonly warnings: readonly string[];
}

@Injectable()
export class FineTuningService {
  constructor(
    private readonly models: ModelResolver,
    private readonly tasks: TaskResolver,
    private readonly files: DataFileRepository,
    private readonly jobs: FineTuningJobRepository,
    private readonly events: JobEventRepository,
    private readonly producer: JobProducer,
  ) {}

  /** Everything of a request that needs no numerics. The files were validated on upload. */
  async check(project: string, request: CreateFineTuningJob): Promise<CheckedJob> {
    const base = await this.models.resolveBase(project, request.model);
    const training = await this.trainingFile(project, request.training_file, 'training_file');
    const validation =
      typeof request.validation_file === 'string'
        ? await this.trainingFile(project, request.validation_file, 'validation_file')
        : undefined;
    const { prad } = request.method;
    const task = await this.tasks.resolve(project, request.task, training);
    const settings = { ...trainingSettings(prad, base), task };
    const method: FineTuningMethod = {
      adapter: prad.adapter,
      scope: prad.scope,
      options: toJson(methodOptions(prad, base, task)),
      hyperparameters: toJson(settings),
    };
    return { base, training, validation, settings, method, warnings: trainingWarnings(method, base) };
  }

  /** Checks, records the job and queues it. */
  async submit(
    project: string,
    request: CreateFineTuningJob,
    evaluation: JobEvaluation | null,
  ): Promise<FineTuningJob> {
    const checked = await this.check(project, request);
    const described = { ...this.described(project, request, checked), evaluation };
    const { id } = described;
    const job = await this.jobs.create(described);
    await this.tellCreated(described, '');
    await this.queue(id);
    return job;
  }

  /** A new job for a checked request. */
  described(
    project: string,
    request: CreateFineTuningJob,
    { base, training, validation, settings, method, warnings }: CheckedJob,
  ): NewFineTuningJob {
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
    await this.jobs.getIn(project, id);
    const job = await this.jobs.requestCancel(id);
    const message = job.status === 'cancelled' ? 'The job was cancelled before it began' : 'Cancel requested';
    await this.events.append(id, { level: 'info', message });
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
    await this.producer.restore('train', { fineTuningJobId: id }, await this.jobs.orderOf(id, TURNS));
    return job;
  }

  private async queue(id: string): Promise<void> {
    try {
      const order = await this.jobs.orderOf(id, TURNS);
      await this.producer.add('train', { fineTuningJobId: id, requestId: currentRequestId() }, order);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await this.jobs.reject(id, { code: 'queue_unavailable', message, param: null });
      throw error;
    }
  }

  private async trainingFile(project: string, id: string, param: string): Promise<DataFile> {
    const file = await this.files.getIn(project, id).catch((error: unknown) => {
      throw atField(error, param);
    });
    if (file.purpose === 'fine-tune') return file;
    throw new AppError({
      kind: 'invalid',
      code: 'wrong_purpose',
      message: `\`${param}\` must have the purpose fine-tune: ${id} has ${file.purpose}`,
      details: { param },
    });
  }
}

/** Options as a row keeps them: absent ones have no key. */
function toJson(options: object): JsonObject {
  return JSON.parse(JSON.stringify(options)) as JsonObject;
}
