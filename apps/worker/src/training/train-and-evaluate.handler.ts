import type { Repositories } from '@prad/database';
import type { AppError } from '@prad/errors';
import type { JobContext, JobHandler, JobPayload, JobProducer } from '@prad/queue';
import type { TrainHandler } from './train.handler.js';

/** Trains, and lets the queue know of the evaluation that the job's end has recorded. */
export class TrainAndEvaluateHandler implements JobHandler<'train'> {
  readonly job = 'train';
  readonly resumes = true;

  constructor(
    private readonly training: TrainHandler,
    private readonly jobs: Pick<Repositories['fineTuningJobs'], 'get'>,
    private readonly producer: Pick<JobProducer, 'restore'>,
  ) {}

  /** A job that had ended before, so that a worker died in between, comes by here again. */
  async handle(payload: JobPayload<'train'>, context: JobContext<'train'>): Promise<void> {
    await this.training.handle(payload, context);
    const { evaluationId } = await this.jobs.get(payload.fineTuningJobId);
    if (evaluationId !== null) await this.producer.restore('evaluate', { evaluationId });
  }

  giveUp(payload: JobPayload<'train'>, error: AppError): Promise<void> {
    return this.training.giveUp(payload, error);
  }
}
