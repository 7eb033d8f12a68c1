import type { FineTuningSweepObject } from '@prad/contracts';
import { leaderboard, toldStatus, type Sweep, type SweepRun } from '@prad/domain';
import { trainingSettings } from '@prad/queue';
import { toSeconds } from '../http/page.view.js';

export function toSweepObject(sweep: Sweep, runs: readonly SweepRun[]): FineTuningSweepObject {
  const { learningRate, rank, seed } = sweep.lists;
  const best = runs.find(({ job }) => job.id === sweep.bestJob)?.job;
  return {
    ...{ id: sweep.id, object: 'fine_tuning.sweep', created_at: toSeconds(sweep.createdAt) },
    finished_at: sweep.finishedAt === null ? null : toSeconds(sweep.finishedAt),
    ...{ status: sweep.status, cancel_requested: sweep.cancelRequested, model: sweep.model },
    ...{ training_file: sweep.trainingFile, validation_file: sweep.validationFile, suffix: sweep.suffix },
    sweep: {
      ...(learningRate && { learning_rate: [...learningRate] }),
      ...(rank && { rank: [...rank] }),
      ...(seed && { seed: [...seed] }),
    },
    best_job: sweep.bestJob,
    fine_tuned_model: best?.status === 'succeeded' ? best.result.id : null,
    leaderboard: leaderboard(runs).map(toRunObject),
  };
}

function toRunObject({ job, validLoss }: SweepRun): FineTuningSweepObject['leaderboard'][number] {
  const { id, method, seed, progress } = job;
  const { rank } = method.options;
  return {
    ...{ job: id, status: toldStatus(job), seed, valid_loss: validLoss },
    learning_rate: trainingSettings.parse(method.hyperparameters).learningRate,
    rank: typeof rank === 'number' ? rank : null,
    progress: progress === null ? null : { ...progress },
    fine_tuned_model: job.status === 'succeeded' ? job.result.id : null,
    error: job.status === 'failed' ? job.error.message : null,
  };
}
