/** What the order of admission goes by. */
export interface Waiting {
  /** In the order of arrival. */
  readonly id: number;
  readonly share: string;
  /** Lower ones come first. */
  readonly priority: number;
  /** Tokens that it asks the engine to read. */
  readonly cost: number;
}

/**
 * The order in which requests are admitted: by priority, and among equals from the share that was served least, each
 * share in its order of arrival. Served tokens, read and chosen, count as in the virtual token counters of Sheng et al.,
 * "Fairness in Serving Large Language Models" (OSDI 2024): a share that comes back from idleness starts level with
 * the least served of those at work, so that nobody saves up a claim.
 */
export class FairQueue {
  readonly #served = new Map<string, number>();

  /** Counts tokens that a share was served. */
  serve(share: string, tokens: number): void {
    this.#served.set(share, this.#of(share) + tokens);
  }

  /** Notes a request that arrives while the shares `active` have others that wait or run. */
  arrive(share: string, active: ReadonlySet<string>): void {
    if (active.has(share)) return;
    const others = [...active].map((other) => this.#of(other));
    if (others.length > 0) this.#served.set(share, Math.max(this.#of(share), Math.min(...others)));
  }

  /** The first `count` of those who wait. */
  order<W extends Waiting>(waiting: readonly W[], count: number): W[] {
    const ordered: W[] = [];
    const classes = [...new Set(waiting.map(({ priority }) => priority))].sort((a, b) => a - b);
    for (const priority of classes) {
      const lines = this.#lines(waiting.filter((row) => row.priority === priority));
      while (ordered.length < count && lines.length > 0) {
        lines.sort((a, b) => a.served - b.served || firstOf(a) - firstOf(b));
        const [line] = lines;
        const row = line?.rows.shift();
        if (!line || !row) break;
        line.served += row.cost;
        ordered.push(row);
        if (line.rows.length === 0) lines.shift();
      }
    }
    return ordered;
  }

  #lines<W extends Waiting>(waiting: readonly W[]): Line<W>[] {
    const lines = new Map<string, Line<W>>();
    for (const row of [...waiting].sort((a, b) => a.id - b.id)) {
      const line = lines.get(row.share) ?? { served: this.#of(row.share), rows: [] };
      line.rows.push(row);
      lines.set(row.share, line);
    }
    return [...lines.values()];
  }

  #of(share: string): number {
    return this.#served.get(share) ?? 0;
  }
}

interface Line<W> {
  served: number;
  readonly rows: W[];
}

function firstOf({ rows }: Line<Waiting>): number {
  return rows[0]?.id ?? Infinity;
}
