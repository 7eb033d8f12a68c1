import { createHash } from 'node:crypto';
import { encodeOnnx } from '@prad/graph';
import { Session, type SessionOptions, type Tensors } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { AppError } from '@prad/errors';
import { finite } from './finite.js';
import {
  OwnCompute,
  type GradientJob,
  type Pass,
  type PassResult,
  type TrainerCompute,
} from './own-compute.js';
import { packBatches, type PackedBatch } from './pack-batches.js';
import { passFeeds, wantedFeeds } from './pass-feeds.js';
import { packedGradientGraph, slot } from './step-graphs.js';
import { memberTensor } from './trained-tensors.js';

interface Asked {
  readonly pass: Pass;
  readonly resolve: (result: PassResult) => void;
  readonly reject: (error: unknown) => void;
}

/** The pass of a set of members. */
interface Shared {
  readonly members: readonly number[];
  readonly session: Session;
}

/**
 * Trainings that compute their gradients together: a pass begins when every member that is still there has a batch for it.
 * Each keeps its own order, optimiser, validations and end. Their base model and label smoothing are the same, and so is
 * the length of their prefixes.
 */
export class TrainingPack {
  readonly #present: Set<number>;
  readonly #jobs = new Map<number, GradientJob>();
  readonly #asked = new Map<number, Asked>();
  /** Equal graphs share a session, whatever is fed to them. */
  readonly #opened = new Map<string, Promise<Session>>();
  readonly #own = new OwnCompute();
  #shared: Shared | undefined;

  /** A pack of so many members, all of whom are waited for until they leave. */
  constructor(size: number) {
    this.#present = new Set(Array.from({ length: size }, (_, member) => member));
  }

  /** Where a member computes; what it closes ends when all have left. */
  seat(member: number): TrainerCompute {
    return {
      open: (graph, options) => this.#open(graph, options),
      gradients: (job) => {
        this.#jobs.set(member, job);
        return Promise.resolve((pass) => this.#ask(member, pass));
      },
      close: () => this.leave(member),
    };
  }

  /** Whether all have left. */
  get isEmpty(): boolean {
    return this.#present.size === 0;
  }

  /** The others no longer wait for the member. May be called again, and of a member that never came. */
  async leave(member: number): Promise<void> {
    if (!this.#present.delete(member)) return;
    if (this.isEmpty) {
      await this.#shared?.session.close();
      await this.#own.close();
    } else void this.#runIfAll();
  }

  #open(graph: Uint8Array, options: SessionOptions): Promise<Session> {
    const key = createHash('sha256').update(graph).update(JSON.stringify(options)).digest('hex');
    const opened = this.#opened.get(key) ?? this.#own.open(graph, options);
    this.#opened.set(key, opened);
    return opened;
  }

  #ask(member: number, pass: Pass): Promise<PassResult> {
    const result = new Promise<PassResult>((resolve, reject) => {
      this.#asked.set(member, { pass, resolve, reject });
    });
    void this.#runIfAll();
    return result;
  }

  async #runIfAll(): Promise<void> {
    if (this.#asked.size < this.#present.size) return;
    const asked = [...this.#asked].sort(([a], [b]) => a - b);
    this.#asked.clear();
    try {
      await this.#run(asked);
    } catch (error) {
      for (const [, { reject }] of asked) reject(error);
    }
  }

  async #run(asked: readonly (readonly [number, Asked])[]): Promise<void> {
    const session = await this.#sessionOf(asked.map(([member]) => member));
    const packed = packBatches(asked.map(([, { pass }]) => pass.batch));
    const { losses, ...gradients } = await session.run({
      ...Object.fromEntries(asked.flatMap(([, { pass }], index) => named(index, pass.tensors))),
      ...wantedFeeds(session, this.#feeds(packed, asked)),
    });
    let from = 0;
    for (const [index, [, { resolve, reject }]] of asked.entries()) {
      const to = from + (packed.answers[index] ?? 0);
      try {
        const loss = finite(sum(losses, from, to), 'loss');
        resolve({ loss, gradients: gradientsOf(index, gradients) });
      } catch (error) {
        reject(error);
      }
      from = to;
    }
  }

  #feeds(
    { batch, rows, weights, member }: PackedBatch,
    asked: readonly (readonly [number, Asked])[],
  ): Tensors {
    const seeds = asked.map(([, { pass }]) => BigInt(pass.dropoutSeed));
    const front = this.#jobOf(asked[0]?.[0] ?? 0).trained.adapter?.prefix?.length ?? 0;
    const dropoutSeed = tensor('int64', [seeds.length, 1], BigInt64Array.from(seeds));
    return { ...passFeeds(batch, { front, weights, dropoutSeed, rowNumber: (b) => b % rows }), member };
  }

  async #sessionOf(members: readonly number[]): Promise<Session> {
    if (this.#shared?.members.join() === members.join()) return this.#shared.session;
    await this.#shared?.session.close();
    this.#shared = undefined;
    const jobs = members.map((member) => this.#jobOf(member));
    const [first] = jobs;
    if (!first) throw new AppError({ kind: 'bug', code: 'empty_pack', message: 'a pass of no member' });
    const graph = packedGradientGraph(
      first.model,
      jobs.map(({ trained }) => trained),
      first.labelSmoothing,
    );
    this.#shared = { members, session: await Session.open(encodeOnnx(graph), first.session) };
    return this.#shared.session;
  }

  #jobOf(member: number): GradientJob {
    const job = this.#jobs.get(member);
    if (job) return job;
    throw new AppError({ kind: 'bug', code: 'unknown_member', message: `member ${member} has not joined` });
  }
}

function named(index: number, tensors: ReadonlyMap<string, HostTensor>): (readonly [string, HostTensor])[] {
  return [...tensors].map(([name, value]) => [memberTensor(index, name), value] as const);
}

/** A member's gradients under their own names. */
function gradientsOf(index: number, all: Tensors): Tensors {
  const prefix = slot.gradient(memberTensor(index, ''));
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [slot.gradient(name.slice(prefix.length)), value]),
  );
}

function sum(losses: HostTensor | undefined, from: number, to: number): number {
  let total = 0;
  for (let index = from; index < to; index++) total += Number(losses?.data[index]);
  return total;
}
