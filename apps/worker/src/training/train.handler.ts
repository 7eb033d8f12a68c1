import type { Repositories } from '@prad/database';
import { isFinal, newId, type FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { TrainingPlan } from '@prad/training';
import { Postponed, type JobContext, type JobHandler, type JobPayload } from '@prad/queue';
import type { ComputeThread, Device } from '@prad/runtime';
import type { BlobStore } from '@prad/storage';
import type { Seat } from '../compute/open-packs.js';
import type { TrainingHandlers } from '../compute/training-thread.js';
import { failureOf } from '../failure-of.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease, type Lease } from '../lease/under-lease.js';
import type { TrainingMetrics } from '../metrics/training-metrics.js';
import {
  isDiskFull,
  isOutOfMemory,
  morePasses,
  pauseAfterStall,
  refuseDeadly,
  SPLIT_WARNING,
  withoutRetry,
} from './attempts.js';
import { companionsOf, gather, isPackable, type Company } from './company.js';
import { FineTuningRow } from './fine-tuning-row.js';
import { trainingPlan } from './training-plan.js';
import { TrainingRecord, statesOf } from './training-record.js';

/** Among how many waiting jobs the worker looks for company. */
const CANDIDATES = 100;

/** Does a fine-tuning job: claim, plan, train on the compute thread, record what it tells. */
export class TrainHandler implements JobHandler<'train'> {
  readonly job = 'train';
  readonly resumes = true;

  constructor(
    private readonly rows: Repositories,
    private readonly blobs: BlobStore,
    private readonly thread: ComputeThread<TrainingHandlers>,
    private readonly timing: LeaseTiming,
    private readonly settings: {
      readonly intraOpThreads: number;
      readonly device: Device;
      readonly stateEveryMs: number;
      /** See `MAX_TRAININGS_PER_PROJECT`. */
      readonly mostOfProject: number;
    },
    private readonly metrics: TrainingMetrics,
  ) {}

  async handle({ fineTuningJobId: id }: JobPayload<'train'>, context: JobContext<'train'>): Promise<void> {
    let company: Company | undefined;
    try {
      await this.#handle(id, context.signal, async (job) => {
        company = await this.#companyOf(job, context.signal);
        return company.seat;
      });
    } finally {
      await company?.ended;
    }
  }

  async giveUp({ fineTuningJobId: id }: JobPayload<'train'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.fineTuningJobs.claim(id, owner, this.timing.leaseMs))) return;
    const failure = failureOf(error);
    await this.rows.jobEvents.append(id, { level: 'error', message: failure.message }, owner);
    await this.rows.fineTuningJobs.fail(id, owner, failure);
    await this.blobs.delete(statesOf(id));
  }

  /** One job from claim to end, alone or in the seat that it gets. */
  async #handle(
    id: string,
    signal: AbortSignal,
    seatOf: (job: FineTuningJob) => Promise<Seat | undefined>,
  ): Promise<void> {
    const row = new FineTuningRow(this.rows, id, this.timing.leaseMs, this.settings.mostOfProject);
    await underLease(row, this.timing, signal, async (job, lease) => {
      refuseDeadly(job);
      const seat = await seatOf(job);
      try {
        await this.blobs
          .withScratch((folder) => this.#train(row, job, lease, folder, seat))
          .catch((error: unknown) => this.#waitForRoom(error, job, lease))
          .catch(withoutRetry);
      } finally {
        if (seat) await this.#leave(seat);
      }
    });
    if (isFinal((await this.rows.fineTuningJobs.get(id)).status)) await this.blobs.delete(statesOf(id));
  }

  /** Puts a job off that finds the disk full: it goes on from its last state. Rethrows everything else. */
  async #waitForRoom(error: unknown, job: FineTuningJob, { owner }: Lease): Promise<never> {
    if (!isDiskFull(error)) throw error;
    const { stalledSince } = await this.rows.fineTuningJobs.stall(job.id, owner);
    const pause = pauseAfterStall(stalledSince === null ? 0 : Date.now() - stalledSince.getTime());
    if (pause === undefined) throw error;
    if (job.stalledSince === null) {
      const message = `The job waits for room on the disk and then goes on from the last state it kept: ${error.message}`;
      const data = { attempt: job.attempts, code: error.code };
      await this.rows.jobEvents.append(job.id, { level: 'warn', message, data }, owner);
    }
    throw new Postponed(pause);
  }

  /** Takes up waiting jobs that may train in one pass with the job. */
  async #companyOf(job: FineTuningJob, signal: AbortSignal): Promise<Company> {
    const waiting = isPackable(job) ? await this.rows.fineTuningJobs.packable(job, CANDIDATES) : [];
    return gather(companionsOf(job, waiting), ({ id }, seat) => this.#handle(id, signal, seat));
  }

  /** The others of its pack wait for it until then. */
  async #leave(seat: Seat): Promise<void> {
    await this.thread.stream('leave', seat).next();
  }

  async #train(
    row: FineTuningRow,
    job: FineTuningJob,
    lease: Lease,
    workFolder: string,
    seat: Seat | undefined,
  ): Promise<void> {
    const base = await this.rows.baseModels.getReady(job.model);
    const places = {
      modelFolder: await this.blobs.localPath(base.blobKey),
      trainingFile: await this.#file(job.trainingFile),
      validationFile: job.validationFile === null ? undefined : await this.#file(job.validationFile),
      workFolder,
      ...this.settings,
    };
    const record = new TrainingRecord(this.rows, this.blobs, job, base, row, lease.owner);
    const run = async (of: FineTuningJob): Promise<void> => {
      const state = await this.#stateOf(of);
      const go = (resumeFrom: string | undefined, at?: Seat): Promise<void> =>
        this.#run({ ...trainingPlan(of, { ...places, resumeFrom }), seat: at }, record, lease.signal);
      await go(state, seat).catch(async (error: unknown) => {
        if (state === undefined || !isUnusable(error)) throw error;
        await record.warn(`Training begins anew: ${error.message}`);
        await go(undefined);
      });
    };
    if (seat) await record.tellCompany(seat.size);
    await run(job).catch(async (error: unknown) => {
      const passes = isOutOfMemory(error) ? morePasses(job) : undefined;
      if (passes === undefined) throw error;
      await record.warn(SPLIT_WARNING);
      const split = await this.rows.fineTuningJobs.splitBatches(job.id, lease.owner, passes, SPLIT_WARNING);
      // Its company has run out of memory with it: each tries again alone.
      if (seat) throw new Postponed(0);
      await run(split);
    });
  }

  async #run(
    plan: TrainingPlan & { readonly seat: Seat | undefined },
    record: TrainingRecord,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const event of this.thread.stream('train', plan, signal)) {
        this.metrics.observe(event);
        await record.write(event);
      }
    } finally {
      this.metrics.end();
    }
  }

  /** What an earlier attempt left; a blob that was lost is as good as none. */
  async #stateOf({ trainingState }: FineTuningJob): Promise<string | undefined> {
    if (trainingState === null || !(await this.blobs.exists(trainingState.blobKey))) return undefined;
    return this.blobs.localPath(trainingState.blobKey);
  }

  async #file(id: string): Promise<string> {
    return this.blobs.localPath((await this.rows.dataFiles.get(id)).blobKey);
  }
}

/** Whether an attempt failed because of the state that it found. */
function isUnusable(error: unknown): error is AppError {
  return error instanceof AppError && error.code.startsWith('training_state_');
}
