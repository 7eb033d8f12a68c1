import type { Repositories } from '@prad/database';
import { firstTurn, type JobProducer, type Restored } from '@prad/queue';
import type { WorkerLog } from './worker-log.js';

const EVERY_MS = 30_000;
const AT_ONCE = 100;

type Rows = Pick<Repositories, 'fineTuningJobs' | 'inferenceJobs' | 'evaluations' | 'baseModels' | 'sweeps'>;
type Restore = (id: string) => Promise<Restored>;

interface WaitingRows {
  claimable(limit: number, after?: string): Promise<readonly string[]>;
}

interface TurnRows extends WaitingRows {
  virtualTimes(): Promise<ReadonlyMap<number, number>>;
}

/**
 * Makes sure that the queue knows of every job that waits in the rows: after the queue's store was lost, an API died
 * between the row and the queue, or the queue gave a job up whose row was still held by a dead worker. A job that the
 * queue knows already is left alone, but where places are counted from a later turn: then all are told theirs. And has
 * the queue forget what ended long ago.
 */
export class QueueUpkeep {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  /** From which turn the places of waiting jobs are counted, by kind and priority. */
  readonly #firstTurns = new Map<string, number>();

  constructor(
    private readonly rows: Rows,
    private readonly producer: JobProducer,
    private readonly log: WorkerLog,
  ) {}

  start(): void {
    this.#running = this.#pass();
    this.#timer = setInterval(() => {
      this.#running = this.#pass();
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

  async #pass(): Promise<void> {
    await this.producer.forgetEnded().catch((error: unknown) => {
      this.log.warn({ err: error }, 'ended jobs were not forgotten by the queue');
    });
    await this.#requeue();
  }

  async #requeue(): Promise<void> {
    const { fineTuningJobs, inferenceJobs, evaluations, baseModels } = this.rows;
    const { producer } = this;
    try {
      await this.#restoreInTurn('train', fineTuningJobs, async (id) =>
        producer.restore('train', { fineTuningJobId: id }, await fineTuningJobs.placeOf(id)),
      );
      await this.#restoreInTurn('generate', inferenceJobs, async (id) =>
        producer.restore('generate', { inferenceJobId: id }, await inferenceJobs.placeOf(id)),
      );
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

  /** The oldest jobs; all of them where places are counted anew. */
  async #restoreInTurn(name: 'train' | 'generate', rows: TurnRows, restore: Restore): Promise<void> {
    const firstTurns = [...(await rows.virtualTimes())].map(
      ([priority, virtualTime]) => [`${name} ${priority}`, firstTurn(virtualTime)] as const,
    );
    const moved = firstTurns.some(([key, first]) => first !== (this.#firstTurns.get(key) ?? 0));
    let page = await this.#restore(rows, restore);
    while (moved && page.length === AT_ONCE) page = await this.#restore(rows, restore, page.at(-1));
    for (const [key, first] of firstTurns) this.#firstTurns.set(key, first);
  }

  /** The oldest jobs, or those after one of them. */
  async #restore(rows: WaitingRows, restore: Restore, after?: string): Promise<readonly string[]> {
    const ids = await rows.claimable(AT_ONCE, after);
    for (const jobId of ids) {
      if ((await restore(jobId)) === 'added')
        this.log.info({ jobId }, 'a job that the queue did not know was queued from its row');
    }
    return ids;
  }
}
