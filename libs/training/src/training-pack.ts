import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { encodeOnnx } from '@prad/graph';
import type { ParameterSpec } from '@prad/nn';
import type { Session, SessionOptions, Tensors } from '@prad/runtime';
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

interface Asked {
  readonly pass: Pass;
  readonly resolve: (result: PassResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Trainings that compute their gradients together: a pass begins when every member that is still there has a batch for it.
 * Each keeps its own order, optimiser, validations and end. Their base model, method, options and label smoothing are the
 * same.
 */
export class TrainingPack {
  readonly #present: Set<number>;
  readonly #asked = new Map<number, Asked>();
  /** Equal graphs share a session, whatever is fed to them. */
  readonly #opened = new Map<string, Promise<Session>>();
  readonly #own = new OwnCompute();
  #job: GradientJob | undefined;
  #pass: Promise<SharedPass> | undefined;

  /** A pack of so many members, all of whom are waited for until they leave. */
  constructor(size: number) {
    this.#present = new Set(Array.from({ length: size }, (_, member) => member));
  }

  /** Where a member computes; what it closes ends when all have left. */
  seat(member: number): TrainerCompute {
    return {
      open: (graph, options) => this.#open(graph, options),
      gradients: (job) => {
        this.#job ??= job;
        if (!isDeepStrictEqual(shareOf(job), shareOf(this.#job))) return Promise.reject(misfit(member));
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
    if (this.isEmpty) await this.#own.close();
    else void this.#runIfAll();
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
    this.#pass ??= sharedPass(this.#own, this.#job);
    const run = await this.#pass;
    const results = await run(asked.map(([, { pass }]) => pass));
    for (const [index, [, { resolve, reject }]] of asked.entries()) {
      const result = results[index];
      if (result instanceof AppError || !result) reject(result);
      else resolve(result);
    }
  }
}

/** What one graph computes for all members. */
function shareOf({ model, trained, labelSmoothing = 0 }: GradientJob) {
  const tensors = trained.specs.map(({ name, shape }) => ({ name, shape }));
  return { folder: model.folder, labelSmoothing, tensors };
}

function misfit(member: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'pack_misfit',
    message: `member ${member} differs from its pack in its base model, its tensors or its label smoothing`,
  });
}

/** One result for each of the passes; an error where that one's loss is no number. */
type SharedPass = (passes: readonly Pass[]) => Promise<readonly (PassResult | AppError)[]>;

async function sharedPass(compute: OwnCompute, job: GradientJob | undefined): Promise<SharedPass> {
  if (!job) throw new AppError({ kind: 'bug', code: 'empty_pack', message: 'a pass of no member' });
  const { model, trained, labelSmoothing } = job;
  const { prefix, virtualTokens } = trained.adapter ?? {};
  const graph = encodeOnnx(packedGradientGraph(model, trained, labelSmoothing));
  const session = await compute.open(graph, job.session);
  return async (passes) => {
    const packed = packBatches(
      passes.map(({ batch }) => batch),
      rowsOf(virtualTokens?.parameters ?? []),
    );
    const { losses, ...gradients } = await session.run({
      ...stacked(
        trained.specs,
        passes.map(({ tensors }) => tensors),
      ),
      ...wantedFeeds(session, feedsOf(packed, passes, prefix?.length ?? 0)),
    });
    return passes.map((_, index) =>
      resultOf(index, packed.answers, losses, (at) => gradientsOf(at, trained.specs, gradients)),
    );
  };
}

function rowsOf(tables: readonly { readonly shape: readonly number[] }[]): number {
  return tables.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
}

function feedsOf(packed: PackedBatch, passes: readonly Pass[], front: number): Tensors {
  const { batch, rows, weights, member } = packed;
  const seeds = BigInt64Array.from(passes, ({ dropoutSeed }) => BigInt(dropoutSeed));
  const dropoutSeed = tensor('int64', [seeds.length, 1, 1], seeds);
  return { ...passFeeds(batch, { front, weights, dropoutSeed, rowNumber: (b) => b % rows }), member };
}

/** Each tensor of all members in one: [J, ...], vectors as [J, 1, n] (see `packedShape`). */
function stacked(
  specs: readonly ParameterSpec[],
  members: readonly ReadonlyMap<string, HostTensor>[],
): Tensors {
  const all = specs.map(({ name, shape }) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    const data = new Float32Array(members.length * size);
    members.forEach((tensors, index) => {
      const own = tensors.get(name);
      if (own?.dtype === 'float32') data.set(own.data, index * size);
    });
    const inner = shape.length === 1 ? [1, ...shape] : shape;
    return [name, tensor('float32', [members.length, ...inner], data)] as const;
  });
  return Object.fromEntries(all);
}

function resultOf(
  index: number,
  answers: readonly number[],
  losses: HostTensor | undefined,
  gradients: (index: number) => Tensors,
): PassResult | AppError {
  const from = answers.slice(0, index).reduce((sum, count) => sum + count, 0);
  const own = Array.from({ length: answers[index] ?? 0 }, (_, i) => Number(losses?.data[from + i]));
  try {
    const loss = finite(
      own.reduce((sum, value) => sum + value, 0),
      'loss',
    );
    return { loss, gradients: gradients(index) };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const MISSING = { kind: 'bug', code: 'missing_output' } as const;

/** A member's part of each gradient, in the shape of its own tensor. */
function gradientsOf(index: number, specs: readonly ParameterSpec[], all: Tensors): Tensors {
  return Object.fromEntries(
    specs.map(({ name, shape }) => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const gradient = all[slot.gradient(name)];
      if (gradient?.dtype !== 'float32')
        throw new AppError({ ...MISSING, message: `no gradient of ${name}` });
      const own = gradient.data.slice(index * size, (index + 1) * size);
      return [slot.gradient(name), tensor('float32', shape, own)];
    }),
  );
}
