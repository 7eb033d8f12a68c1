import type { WorkerNodeRepository } from '@prad/database';
import type { NewWorkerNode } from '@prad/domain';
import type { WorkerLog } from './worker-log.js';

const REPORT_MS = 5_000;
/** Rows of workers that were killed are removed after this time. */
const SILENT_MS = 60_000;

/** Keeps this worker's row up to date: that it lives, what it works on, how much memory it holds. */
export class WorkerReport {
  #timer: NodeJS.Timeout | undefined;
  #reporting: Promise<void> = Promise.resolve();

  constructor(
    private readonly nodes: WorkerNodeRepository,
    private readonly node: NewWorkerNode,
    private readonly currentWork: () => readonly string[],
    private readonly log: WorkerLog,
  ) {}

  /** The worker's id. */
  get id(): string {
    return this.node.id;
  }

  async start(): Promise<void> {
    await this.nodes.register(this.node);
    this.#timer = setInterval(() => {
      this.#reporting = this.#report();
    }, REPORT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reporting;
    await this.nodes.remove(this.node.id);
  }

  async #report(): Promise<void> {
    try {
      const report = { currentWork: this.currentWork(), memoryBytes: process.memoryUsage.rss() };
      if (!(await this.nodes.report(this.node.id, report))) await this.nodes.register(this.node);
      await this.nodes.removeSilent(SILENT_MS);
    } catch (error) {
      this.log.warn({ err: error }, 'the worker could not report itself');
    }
  }
}
