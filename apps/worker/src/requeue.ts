import type { Repositories } from '@prad/database';
import { TURNS, type JobProducer } from '@prad/queue';
import type { WorkerLog } from './worker-log.js';

const EVERY_MS = 30_000;
const AT_ONCE = 100;

type Rows = Pick<Repositories, 'fineTuningJobs' | 'inferenceJobs' | 'evaluations' | 'baseModels' | 'sweeps'>;

/**
 * Makes sure that the queue knows of every job that waits in the rows: after the queue's store was lost, an API died
 * between the row and the queue, or the queue gave a job up whose row was still held by a dead worker. A job that the
 * queue knows already is left alone, but for one that waited long: it comes next.
 */
export class Requeue {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly rows: Rows,
    private readonly producer: JobProducer,
    private readonly log: WorkerLog,
  ) {}

  start(): void {
    this.#running = this.#requeue();
    this.#timer = setInterval(() => {
      this.#running = this.#requeue();
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    // A worker that did one job may have done the last one of a sweep.
    await this.#endSweeps().catch((error: unknown) => {
      this.log.warn({ err: error }, 'ended sweeps were not settled');
    });
  }

  async #requeue(): Promise<void> {
    const { fineTuningJobs, inferenceJobs, evaluations, baseModels } = this.rows;
    const { producer } = this;
    try {
      await this.#restore(fineTuningJobs, async (id) =>
        producer.restore('train', { fineTuningJobId: id }, await fineTuningJobs.orderOf(id, TURNS)),
      );
      await this.#restore(inferenceJobs, (id) => producer.restore('generate', { inferenceJobId: id }));
      await this.#restore(evaluations, (id) => producer.restore('evaluate', { evaluationId: id }));
      await this.#endSweeps();
      await this.#restore(baseModels, (id) => producer.restore('import', { baseModelId: id }));
    } catch (error) {
      this.log.warn({ err: error }, 'waiting jobs could not be compared with the queue');
    }
  }

  /** Those whose runs have ended without the queue's knowledge; nothing is computed for that. */
  async #endSweeps(): Promise<void> {
    const { sweeps } = this.rows;
    for (const id of await sweeps.claimable(AT_ONCE)) await sweeps.settle(id);
  }

  async #restore(
    rows: { claimable(limit: number): Promise<readonly string[]> },
    restore: (id: string) => Promise<boolean>,
  ): Promise<void> {
    for (const jobId of await rows.claimable(AT_ONCE)) {
      if (await restore(jobId))
        this.log.info({ jobId }, 'a job that the queue did not know was queued from its row');
    }
  }
}
