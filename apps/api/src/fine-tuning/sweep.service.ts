import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createFineTuningJob, type CreateFineTuningJob, type CreateFineTuningSweep } from '@prad/contracts';
import { FineTuningJobRepository, SweepRepository } from '@prad/database';
import {
  isFinal,
  newId,
  sweepPoints,
  type NewFineTuningJob,
  type Sweep,
  type SweepPoint,
} from '@prad/domain';
import { AppError } from '@prad/errors';
import { JobProducer } from '@prad/queue';
import { currentRequestId } from '@prad/telemetry';
import { FineTuningService } from './fine-tuning.service.js';

@Injectable()
export class SweepService {
  constructor(
    private readonly trainings: FineTuningService,
    private readonly sweeps: SweepRepository,
    private readonly jobs: FineTuningJobRepository,
    private readonly producer: JobProducer,
  ) {}

  /** Checks every run as a job of its own, records all of them, and queues them. */
  async submit(project: string, { sweep: lists, ...request }: CreateFineTuningSweep): Promise<Sweep> {
    const id = newId('sweep');
    const named = { learningRate: lists.learning_rate, rank: lists.rank, seed: lists.seed };
    const jobs: NewFineTuningJob[] = [];
    // Runs differ in what the lists name and in nothing else.
    const same = { ...request, seed: request.seed ?? randomInt(2 ** 31) };
    for (const point of sweepPoints(named)) {
      const run = runRequest(same, point);
      jobs.push(await this.trainings.described(project, run));
    }
    const [first] = jobs;
    if (first === undefined) throw new TypeError('lists without a value');
    const { model, trainingFile, suffix } = first;
    const files = { trainingFile, validationFile: request.validation_file };
    const sweep = await this.sweeps.create({ id, project, model, ...files, suffix, lists: named }, jobs);
    for (const job of jobs) await this.trainings.tellCreated(job, `, a run of the sweep ${id}`);
    await this.queue(id, jobs);
    return sweep;
  }

  /** Ends the runs that wait and asks the others to stop. Throws notFound, or conflict for one that has ended. */
  async cancel(project: string, id: string): Promise<Sweep> {
    await this.sweeps.requestCancel(project, id);
    for (const { job } of (await this.sweeps.runs([id])).get(id) ?? []) {
      if (isFinal(job.status)) continue;
      // A run may have ended in between.
      await this.trainings.cancel(project, job.id).catch(unlessEnded);
    }
    await this.sweeps.settle(id);
    return this.sweeps.getIn(project, id);
  }

  private async queue(sweepId: string, jobs: readonly NewFineTuningJob[]): Promise<void> {
    const requestId = currentRequestId();
    try {
      const runs = await Promise.all(
        jobs.map(async ({ id }) => {
          return [{ fineTuningJobId: id, requestId }, await this.jobs.placeOf(id)] as const;
        }),
      );
      await this.producer.addAfter(['sweep', { sweepId, requestId }], ['train', runs]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failure = { code: 'queue_unavailable', message, param: null };
      for (const { id } of jobs) await this.jobs.reject(id, failure).catch(unlessEnded);
      await this.sweeps.settle(sweepId);
      throw error;
    }
  }
}

/** The job of one combination, checked as a request of its own. Throws invalid naming the list at fault. */
function runRequest(
  { method, ...request }: Omit<CreateFineTuningSweep, 'sweep'>,
  { learningRate, rank, seed }: SweepPoint,
): CreateFineTuningJob {
  const { prad } = method;
  if (rank !== undefined && !('rank' in prad)) {
    throw new AppError({
      kind: 'invalid',
      code: 'no_rank',
      message: `\`sweep.rank\`: the method ${prad.adapter} has no rank`,
      details: { param: 'sweep.rank' },
    });
  }
  const hyperparameters = {
    ...prad.hyperparameters,
    ...(learningRate !== undefined && { learning_rate: learningRate }),
  };
  const run = { ...prad, ...(rank !== undefined && { rank }), hyperparameters };
  const parsed = createFineTuningJob.safeParse({
    ...request,
    ...(seed !== undefined && { seed }),
    method: { ...method, prad: run },
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.at(-1);
  throw new AppError({
    kind: 'invalid',
    code: 'invalid_request',
    message: issue?.message ?? 'not valid',
    details: { param: `sweep.${String(param)}` },
  });
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof AppError && error.kind === 'conflict')) throw error;
}
