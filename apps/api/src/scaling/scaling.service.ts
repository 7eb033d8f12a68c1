import { Injectable } from '@nestjs/common';
import {
  BaseModelRepository,
  EvaluationRepository,
  FineTuningJobRepository,
  InferenceJobRepository,
} from '@prad/database';
import { AppError } from '@prad/errors';
import { JobProducer, type RoleName } from '@prad/queue';
import { demandOf, type Demand, type RoleWork } from './demand.js';

/** Delayed jobs that are due within this time want a worker already: it is about as long as one takes to start. */
const SOON_MS = 30_000;

interface RowCounts {
  countUnfinished(): Promise<number>;
  countHeld(): Promise<number>;
}

/** How much work there is for a pool of workers. */
@Injectable()
export class ScalingService {
  private readonly rows: Readonly<Record<RoleName, RowCounts>>;

  constructor(
    private readonly producer: JobProducer,
    trainings: FineTuningJobRepository,
    requests: InferenceJobRepository,
    models: BaseModelRepository,
    evaluations: EvaluationRepository,
  ) {
    this.rows = { train: trainings, generate: requests, evaluate: evaluations, import: models };
  }

  /** Throws unavailable where the queue or the rows cannot be asked: a number that is wrong is worse than none. */
  async demand(roles: readonly RoleName[]): Promise<Demand> {
    try {
      return demandOf(await Promise.all(roles.map((role) => this.work(role))));
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unavailable') throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError({
        kind: 'unavailable',
        code: 'demand_unknown',
        message: `the work of ${roles.join(', ')} cannot be counted: ${reason}`,
        cause: error,
      });
    }
  }

  private async work(role: RoleName): Promise<RoleWork> {
    const [depth, due, paused] = await Promise.all([
      this.producer.depth(role),
      this.producer.dueWithin(role, SOON_MS),
      this.producer.isPaused(role),
    ]);
    // The rows last: the other way round a job that ends in between would look lost.
    const [unfinished, held] = await Promise.all([
      this.rows[role].countUnfinished(),
      this.rows[role].countHeld(),
    ]);
    return { depth, due, paused, unfinished, held };
  }
}
