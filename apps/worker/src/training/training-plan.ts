import type { FineTuningJob } from '@prad/domain';
import { trainingSettings, type TrainingSettings } from '@prad/queue';
import type { Device } from '@prad/runtime';
import type { TrainingPlan } from '@prad/training';

/** Where a training finds what its row names, and where it writes. */
export interface TrainingPlaces {
  readonly modelFolder: string;
  readonly trainingFile: string;
  readonly validationFile: string | undefined;
  readonly workFolder: string;
  /** What an earlier attempt left to go on from. */
  readonly resumeFrom: string | undefined;
  readonly stateEveryMs: number;
  readonly intraOpThreads: number;
  readonly device: Device;
}

/** What to train, from the row alone: equal rows give equal plans, so a job that is taken up again repeats itself. */
export function trainingPlan(job: FineTuningJob, places: TrainingPlaces): TrainingPlan {
  const { adapter: method, scope, options } = job.method;
  const { task, dataSeed, dropoutSeed, ...hyperparameters } = withoutPack(settingsOf(job));
  const { validationFile, ...folders } = places;
  return {
    ...folders,
    ...(validationFile !== undefined && { validationFile }),
    ...{ modelName: job.model, task },
    ...{ seed: job.seed, dataSeed, dropoutSeed },
    trainable: method === 'full' ? { kind: 'full' } : { kind: 'adapter', method, options, scope },
    hyperparameters,
  };
}

/** In which company a job trains is no part of what it trains. */
function withoutPack({ pack: _pack, ...settings }: TrainingSettings): Omit<TrainingSettings, 'pack'> {
  return settings;
}

/** The row's own settings, defaults filled in. */
export function settingsOf({ method }: FineTuningJob): TrainingSettings {
  return trainingSettings.parse(method.hyperparameters);
}
