import type { ScalingObject } from '@prad/contracts';
import type { QueueDepth } from '@prad/queue';

/** What is known of one role's work. */
export interface RoleWork {
  readonly depth: QueueDepth;
  /** Delayed jobs that come back soon; also counted in `depth.delayed`. */
  readonly due: number;
  readonly paused: boolean;
  /** Rows that wait for a worker or are with one. */
  readonly unfinished: number;
  /** Rows that a worker holds whose lease is good; a killed worker's work counts as held until its lease ends. */
  readonly held: number;
}

export type Demand = Omit<ScalingObject, 'pool'>;

const none: Demand = {
  ...{ waiting: 0, prioritized: 0, due: 0, active: 0, unqueued: 0, paused: 0 },
  ...{ needed: 0, unclaimed: 0 },
};

/**
 * The places that a pool's work wants. The queue counts waiting, prioritised and active jobs apart from each other. What
 * a paused queue holds back needs no place, but what a worker of it is at work on does. A row that the queue does not know
 * of (its store was lost, or an API died between row and queue) counts as well: with no worker there is nobody to
 * queue it again.
 */
export function demandOf(works: readonly RoleWork[]): Demand {
  return works.map(demandOfRole).reduce(plus, none);
}

function demandOfRole({ depth, due, paused, unfinished, held }: RoleWork): Demand {
  const { waiting, prioritized, delayed, active } = depth;
  if (paused) return { ...none, active, paused: waiting + prioritized + due, needed: active };
  // Cancelled jobs stay in the queue until a worker looks at them, so the queue may know of more than the rows.
  const unqueued = Math.max(0, unfinished - (waiting + prioritized + delayed + active));
  const needed = waiting + prioritized + due + active + unqueued;
  const unclaimed = Math.max(0, needed - held);
  return { waiting, prioritized, due, active, unqueued, paused: 0, needed, unclaimed };
}

function plus(a: Demand, b: Demand): Demand {
  return {
    waiting: a.waiting + b.waiting,
    prioritized: a.prioritized + b.prioritized,
    due: a.due + b.due,
    active: a.active + b.active,
    unqueued: a.unqueued + b.unqueued,
    paused: a.paused + b.paused,
    needed: a.needed + b.needed,
    unclaimed: a.unclaimed + b.unclaimed,
  };
}
