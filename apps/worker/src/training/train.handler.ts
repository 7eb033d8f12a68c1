import type { Repositories } from '@prad/database';
import { newId, type FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { JobContext, JobHandler, JobPayload } from '@prad/queue';
import type { ComputeThread, Device } from '@prad/runtime';
import type { BlobStore } from '@prad/storage';
import type { TrainingHandlers } from '../compute/training-thread.js';
import { failureOf } from '../failure-of.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease, type Lease } from '../lease/under-lease.js';
import type { TrainingMetrics } from '../metrics/training-metrics.js';
import { refuseDeadly, withoutRetry } from './attempts.js';
import { FineTuningRow } from './fine-tuning-row.js';
import { trainingPlan } from './training-plan.js';
import { TrainingRecord } from './training-record.js';

/** Does a fine-tuning job: claim, plan, train on the compute thread, record what it tells. */
export class TrainHandler implements JobHandler<'train'> {
  readonly job = 'train';

  constructor(
    private readonly rows: Repositories,
    private readonly blobs: BlobStore,
    private readonly thread: ComputeThread<TrainingHandlers>,
    private readonly timing: LeaseTiming,
    private readonly hardware: { readonly intraOpThreads: number; readonly device: Device },
    private readonly metrics: TrainingMetrics,
  ) {}

  async handle({ fineTuningJobId: id }: JobPayload<'train'>, context: JobContext<'train'>): Promise<void> {
    const row = new FineTuningRow(this.rows, id, this.timing.leaseMs);
    await underLease(row, this.timing, context.signal, async (job, lease) => {
      refuseDeadly(job);
      await this.blobs.withScratch((folder) => this.#train(row, job, lease, folder)).catch(withoutRetry);
    });
  }

  async giveUp({ fineTuningJobId: id }: JobPayload<'train'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.fineTuningJobs.claim(id, owner, this.timing.leaseMs))) return;
    const failure = failureOf(error);
    await this.rows.jobEvents.append(id, { level: 'error', message: failure.message }, owner);
    await this.rows.fineTuningJobs.fail(id, owner, failure);
  }

  async #train(row: FineTuningRow, job: FineTuningJob, lease: Lease, workFolder: string): Promise<void> {
    const base = await this.rows.baseModels.getReady(job.model);
    const plan = trainingPlan(job, {
      modelFolder: await this.blobs.localPath(base.blobKey),
      trainingFile: await this.#file(job.trainingFile),
      validationFile: job.validationFile === null ? undefined : await this.#file(job.validationFile),
      workFolder,
      ...this.hardware,
    });
    const record = new TrainingRecord(this.rows, this.blobs, job, base, row, lease.owner);
    try {
      for await (const event of this.thread.stream('train', plan, lease.signal)) {
        this.metrics.observe(event);
        await record.write(event);
      }
    } finally {
      this.metrics.end();
    }
  }

  async #file(id: string): Promise<string> {
    return this.blobs.localPath((await this.rows.dataFiles.get(id)).blobKey);
  }
}
