import { encodeOnnx, type Graph } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { Session, type SessionOptions, type Tensors } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import type { Batch } from './collate.js';
import { finite } from './finite.js';
import { passFeeds, wantedFeeds } from './pass-feeds.js';
import type { TrainedTensors } from './trained-tensors.js';

/** One pass of a step. */
export interface Pass {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly batch: Batch;
  /** Below 2^31. */
  readonly dropoutSeed: number;
}

export interface PassResult {
  /** Mean over the answer tokens, in nats. */
  readonly loss: number;
  /** Under the names of `slot.gradient`. */
  readonly gradients: Tensors;
}

/** What a trainer's gradients are computed for. */
export interface GradientJob {
  readonly model: BaseModel;
  readonly trained: TrainedTensors;
  readonly labelSmoothing?: number | undefined;
  /** Of `gradientGraph`: what a trainer of its own runs. */
  readonly graph: Graph;
  readonly session: SessionOptions;
}

/** Where a trainer computes: in sessions of its own, or in a pack with others. */
export interface TrainerCompute {
  /** A session of the graph, open until `close`. */
  open(graph: Uint8Array, options: SessionOptions): Promise<Session>;
  /** Throws AppError `training_diverged` for a loss that is no number. */
  gradients(job: GradientJob): Promise<(pass: Pass) => Promise<PassResult>>;
  close(): Promise<void>;
}

/** Sessions of one trainer. */
export class OwnCompute implements TrainerCompute {
  readonly #sessions: Session[] = [];

  async open(graph: Uint8Array, options: SessionOptions): Promise<Session> {
    const session = await Session.open(graph, options);
    this.#sessions.push(session);
    return session;
  }

  async gradients(job: GradientJob): Promise<(pass: Pass) => Promise<PassResult>> {
    const session = await this.open(encodeOnnx(job.graph), job.session);
    const front = job.trained.adapter?.prefix?.length ?? 0;
    return async ({ tensors, batch, dropoutSeed: seed }) => {
      const dropoutSeed = tensor('int64', [], BigInt64Array.of(BigInt(seed)));
      const feeds = wantedFeeds(session, passFeeds(batch, { front, dropoutSeed }));
      const { loss, ...gradients } = await session.run({ ...Object.fromEntries(tensors), ...feeds });
      return { loss: finite(loss?.data[0], 'loss'), gradients };
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
  }
}
