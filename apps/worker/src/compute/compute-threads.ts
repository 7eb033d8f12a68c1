import type { AppError } from '@prad/errors';
import { ComputeThread } from '@prad/runtime';
import type { WorkerLog } from '../worker-log.js';
import type { GenerationHandlers } from './generation-thread.js';
import type { ImportHandlers } from './import-thread.js';
import type { EngineSettings } from './generation-messages.js';
import type { TrainingHandlers } from './training-thread.js';

/**
 * One thread for each kind of native work, so that neither waits for another and the main thread is always free to
 * renew locks. A thread starts with its first job; one that dies fails what it was doing, and the next job starts it anew.
 */
export class ComputeThreads {
  readonly training: ComputeThread<TrainingHandlers>;
  readonly generation: ComputeThread<GenerationHandlers>;
  readonly import: ComputeThread<ImportHandlers>;

  constructor(engine: EngineSettings, log: WorkerLog) {
    const open = (name: string, entry: string, workerData?: EngineSettings) => ({
      entry: new URL(entry, import.meta.url),
      options: {
        ...{ name, workerData },
        onDeath: (error: AppError) => {
          log.error({ thread: name, err: error }, `the ${name} thread died: its jobs are tried again`);
        },
      },
    });
    const training = open('training', './training-thread.js');
    const generation = open('generation', './generation-thread.js', engine);
    const importing = open('import', './import-thread.js');
    this.training = new ComputeThread(training.entry, training.options);
    this.generation = new ComputeThread(generation.entry, generation.options);
    this.import = new ComputeThread(importing.entry, importing.options);
  }

  /** Ends all threads once their work has ended. */
  async close(): Promise<void> {
    await Promise.all([this.training.close(), this.generation.close(), this.import.close()]);
  }
}
