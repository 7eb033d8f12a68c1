import { TrainingPack, type TrainerCompute } from '@prad/training';

/** A place among jobs that train in one pass. */
export interface Seat {
  readonly pack: string;
  /** How many seats the pack has. */
  readonly size: number;
  /** Counted from 0. */
  readonly member: number;
}

/** The packs of a compute thread, from the first that comes to a seat until all have left theirs. */
export class OpenPacks {
  readonly #packs = new Map<string, { readonly pack: TrainingPack; readonly left: Set<number> }>();

  compute(seat: Seat): TrainerCompute {
    return this.#of(seat).pack.seat(seat.member);
  }

  async leave(seat: Seat): Promise<void> {
    const { pack, left } = this.#of(seat);
    left.add(seat.member);
    if (left.size === seat.size) this.#packs.delete(seat.pack);
    await pack.leave(seat.member);
  }

  #of({ pack: id, size }: Seat) {
    const open = this.#packs.get(id) ?? { pack: new TrainingPack(size), left: new Set<number>() };
    this.#packs.set(id, open);
    return open;
  }
}
