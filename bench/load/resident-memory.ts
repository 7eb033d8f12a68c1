import { readFile } from 'node:fs/promises';

const EVERY_MS = 1_000;

/** Samples the resident memory of processes, in bytes, every second. */
export class ResidentMemory {
  /** By name; one number a sample. */
  readonly samples: ReadonlyMap<string, number[]>;
  readonly #timer: NodeJS.Timeout;

  constructor(pids: Readonly<Record<string, number>>) {
    this.samples = new Map(Object.keys(pids).map((name) => [name, []]));
    this.#timer = setInterval(() => {
      for (const [name, pid] of Object.entries(pids)) void this.#sample(name, pid);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(name: string, pid: number): Promise<void> {
    // A process that has gone away is the bench's failure elsewhere.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
    if (kilobytes !== undefined) this.samples.get(name)?.push(Number(kilobytes) * 1024);
  }
}
