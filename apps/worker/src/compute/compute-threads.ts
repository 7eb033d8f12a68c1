import type { AppError } from '@prad/errors';
import { ComputeThread } from '@prad/runtime';
import type { WorkerLog } from '../worker-log.js';
import type { GenerationHandlers } from './generation-thread.js';
import type { ImportHandlers } from './import-thread.js';
import type { EngineSettings } from './generation-messages.js';
import type { TrainingHandlers } from './training-thread.js';

export type ThreadName = 'training' | 'generation' | 'import';

/** What a thread without work gets to free its memory when the worker goes down. */
const CLOSE_MS = 1_000;

/**
 * One thread for each kind of native work, so that neither waits for another and the main thread is always free to
 * renew locks. A thread starts with its first job; one that dies fails what it was doing, and the next job starts it anew.
 */
export class ComputeThreads {
  readonly training: ComputeThread<TrainingHandlers>;
  readonly generation: ComputeThread<GenerationHandlers>;
  readonly import: ComputeThread<ImportHandlers>;

  /** `onDeath` hears which thread died, after a log line was written. */
  constructor(engine: EngineSettings, log: WorkerLog, onDeath: (thread: string) => void) {
    const open = (name: ThreadName, entry: string, workerData?: EngineSettings) => ({
      entry: new URL(entry, import.meta.url),
      options: {
        ...{ name, workerData, closeWithinMs: CLOSE_MS },
        onDeath: (error: AppError) => {
          log.error({ thread: name, err: error }, `the ${name} thread died: its jobs are tried again`);
          onDeath(name);
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

  /** How long each thread has given no sign of life while it has work, in milliseconds. */
  silentMs(): Readonly<Record<ThreadName, number>> {
    return {
      training: this.training.silentMs,
      generation: this.generation.silentMs,
      import: this.import.silentMs,
    };
  }

  /** Fails what is under way at once: a native run may take longer than a worker that goes down has left. */
  async abandon(): Promise<void> {
    await Promise.all([this.training.restart(), this.generation.restart(), this.import.restart()]);
  }

  /** Ends all threads once their work has ended. */
  async close(): Promise<void> {
    await Promise.all([this.training.close(), this.generation.close(), this.import.close()]);
  }
}
