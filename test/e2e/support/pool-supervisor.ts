import { setTimeout as sleep } from 'node:timers/promises';
import type { ScalingObject } from '@prad/contracts';
import type { Child } from '../../../apps/cli/src/stack/child.js';

export interface PoolOptions {
  /** The pool's role, as /internal/scaling names it. */
  readonly role: string;
  /** Jobs that one worker does at once. */
  readonly perWorker: number;
  readonly most: number;
  /** How long a surplus lasts before workers are stopped, as KEDA's cooldownPeriod. */
  readonly cooldownMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  readonly demand: () => Promise<ScalingObject>;
  readonly start: () => Promise<Child>;
  readonly log: (line: string) => void;
}

const POLL_MS = 250;

/** Plays the cluster for one pool: asks how much work there is and keeps as many worker processes as that wants. */
export class PoolSupervisor {
  /** The number of workers after every change. */
  readonly sizes: number[] = [0];
  /** How the workers that were stopped ended. */
  readonly fates: string[] = [];
  #workers: Promise<Child>[] = [];
  #stopping: Promise<void>[] = [];
  #surplusSince: number | undefined;
  #ended = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly options: PoolOptions) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Stops to scale, once the pool is empty or not; resolves when all of its workers have ended. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
    this.#resize(0, 0);
    await Promise.all(this.#stopping);
  }

  async #run(): Promise<void> {
    const { most, perWorker, demand, cooldownMs } = this.options;
    while (!this.#ended) {
      const { needed } = await demand();
      const desired = Math.min(most, Math.ceil(needed / perWorker));
      if (desired >= this.#workers.length) this.#surplusSince = undefined;
      else this.#surplusSince ??= Date.now();
      const cool = this.#surplusSince !== undefined && Date.now() - this.#surplusSince >= cooldownMs;
      if (desired > this.#workers.length || cool) this.#resize(desired, needed);
      await sleep(POLL_MS);
    }
  }

  #resize(desired: number, needed: number): void {
    if (desired === this.#workers.length) return;
    const { role, log, start } = this.options;
    log(
      `${role.padEnd(8)} needed ${String(needed).padStart(2)}, workers ${this.#workers.length} -> ${desired}`,
    );
    while (this.#workers.length < desired) this.#workers.push(start());
    for (const worker of this.#workers.splice(desired)) this.#stopping.push(this.#end(worker));
    this.sizes.push(desired);
    this.#surplusSince = undefined;
  }

  async #end(starting: Promise<Child>): Promise<void> {
    const worker = await starting;
    await worker.stop(this.options.graceMs);
    this.fates.push(worker.fate);
  }
}
