import type { Attempt, JobName } from '@prad/queue';
import { Metrics } from '@prad/telemetry';
import { GenerationMetrics } from './generation-metrics.js';
import { ReadingMetrics } from './reading-metrics.js';
import { TrainingMetrics } from './training-metrics.js';

/** What the worker's parts are asked for at each reading. */
export interface WorkerFigures {
  readonly roles: readonly JobName[];
  readonly activeOf: (role: JobName) => number;
  readonly silentMs: () => Readonly<Record<string, number>>;
}

/** What a worker measures; memory, CPU and event loop of the process come with `Metrics`. */
export class WorkerMetrics {
  readonly all = new Metrics('worker');
  readonly training = new TrainingMetrics(this.all);
  readonly reading = new ReadingMetrics(this.all);
  readonly generation: GenerationMetrics;
  readonly #attempts;
  readonly #duration;
  readonly #deaths;

  constructor(slots: number) {
    this.generation = new GenerationMetrics(this.all, slots);
    this.#attempts = this.all.counter<'role' | 'ending'>({
      name: 'prad_worker_attempts_total',
      help: 'Attempts at jobs by how they ended: done, failed, retried, postponed or handed_back.',
      labels: ['role', 'ending'],
    });
    this.#duration = this.all.histogram<'role'>(
      { name: 'prad_worker_job_seconds', help: 'Time of an attempt that ended as done.', labels: ['role'] },
      [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43_200],
    );
    this.#deaths = this.all.counter<'thread'>({
      name: 'prad_compute_thread_restarts_total',
      help: 'Compute threads that died; the next job starts them anew.',
      labels: ['thread'],
    });
    this.all.gauge({ name: 'prad_worker_slots', help: 'Sequences that are generated at once.' }, (gauge) => {
      gauge.set(slots);
    });
  }

  /** Called once, when the parts are there. */
  watch({ roles, activeOf, silentMs }: WorkerFigures): void {
    this.all.gauge<'role'>({ name: 'prad_worker_jobs', help: 'Jobs in work.', labels: ['role'] }, (gauge) => {
      for (const role of roles) gauge.set({ role }, activeOf(role));
    });
    this.all.gauge<'thread'>(
      {
        name: 'prad_compute_thread_silent_seconds',
        help: 'Time without a sign of life from a compute thread that has work.',
        labels: ['thread'],
      },
      (gauge) => {
        for (const [thread, ms] of Object.entries(silentMs())) gauge.set({ thread }, ms / 1000);
      },
    );
  }

  observeAttempt({ job: role, ending, seconds }: Attempt): void {
    this.#attempts.inc({ role, ending });
    if (ending === 'done') this.#duration.observe({ role }, seconds);
  }

  countDeath(thread: string): void {
    this.#deaths.inc({ thread });
  }
}
