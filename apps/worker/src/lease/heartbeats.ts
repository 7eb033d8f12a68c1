import type { Heartbeat, LeaseHolder } from '@prad/domain';

/** How long a renewal, and work that ends meanwhile, waits for others; those that were renewed together are due together again. */
const GATHER_MS = 25;

interface Due extends LeaseHolder {
  readonly resolve: (heartbeat: Heartbeat) => void;
  readonly reject: (error: unknown) => void;
}

/** Renews the leases of many jobs in one statement instead of one for each. */
export class Heartbeats {
  #due: Due[] = [];

  /** @param renew gives the heartbeats by owner; who has none holds its job no longer. */
  constructor(
    private readonly renew: (held: readonly LeaseHolder[]) => Promise<ReadonlyMap<string, Heartbeat>>,
  ) {}

  beat(holder: LeaseHolder): Promise<Heartbeat> {
    if (this.#due.length === 0) setTimeout(() => void this.#renewDue(), GATHER_MS);
    return new Promise((resolve, reject) => {
      this.#due.push({ ...holder, resolve, reject });
    });
  }

  async #renewDue(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    try {
      const heartbeats = await this.renew(due.map(({ id, owner }) => ({ id, owner })));
      for (const { owner, resolve } of due)
        resolve(heartbeats.get(owner) ?? { alive: false, cancelRequested: false });
    } catch (error) {
      for (const { reject } of due) reject(error);
    }
  }
}
