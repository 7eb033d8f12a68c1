import { AppError } from '@prad/errors';
import { encodeOnnx, matmulFlops } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { learningRateAt, randomStream, type ScheduleOptions } from '@prad/nn';
import type { Device, Session, Tensors } from '@prad/runtime';
import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { batchesByLength } from './batches.js';
import { collate, type Batch } from './collate.js';
import type { Examples } from './examples.js';
import { throwIfAborted } from './interrupt.js';
import { startTensors } from './start-tensors.js';
import { finite } from './finite.js';
import { OwnCompute, type Pass, type PassResult, type TrainerCompute } from './own-compute.js';
import { passFeeds, wantedFeeds } from './pass-feeds.js';
import {
  evaluationGraph,
  gradientGraph,
  optimiserGraph,
  slot,
  type OptimiserOptions,
} from './step-graphs.js';
import { weightedSum } from './weighted-sum.js';
import type { TrainedTensors } from './trained-tensors.js';

export interface StepResult {
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

export interface TrainerOptions extends OptimiserOptions, ScheduleOptions {
  readonly labelSmoothing?: number | undefined;
  /** Of the start values. */
  readonly seed: number;
  /** That of the start values by default. */
  readonly dropoutSeed?: number | undefined;
  readonly intraOpThreads: number;
  /** `cpu` by default. */
  readonly device?: Device;
  /** Start values of the trained tensors; without them they are initialised from the seed. */
  readonly start?: ReadonlyMap<string, HostTensor>;
}

/** All that a step changes, by the names of `slot` for the moments. */
export interface TrainerState {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly moments: ReadonlyMap<string, HostTensor>;
  readonly steps: number;
}

interface Parts {
  readonly compute: TrainerCompute;
  readonly gradients: (pass: Pass) => Promise<PassResult>;
  readonly evaluation: Session;
  readonly optimiser: Session;
}

/** Nothing drops in a validation. */
const NONE = tensor('int64', [], BigInt64Array.of(0n));

/** The state of a run: the trained tensors, their moments and the steps taken, with the sessions that move it on. */
export class Trainer {
  #state: TrainerState;

  private constructor(
    private readonly trained: TrainedTensors,
    private readonly model: BaseModel,
    private readonly options: TrainerOptions,
    private readonly parts: Parts,
    /** Floating-point operations of the matrix products of a pass, by the sizes B, T and N of its graph. */
    readonly flopsOf: ReturnType<typeof matmulFlops>,
    start: ReadonlyMap<string, HostTensor>,
  ) {
    const moments = trained.specs.flatMap(({ name, shape }) =>
      [slot.mean(name), slot.variance(name)].map((moment) => [moment, zeros('float32', shape)] as const),
    );
    this.#state = { tensors: start, moments: new Map(moments), steps: 0 };
  }

  /** Builds and loads the graphs; what was opened is closed again if that fails. */
  static async open(
    model: BaseModel,
    trained: TrainedTensors,
    options: TrainerOptions,
    compute: TrainerCompute = new OwnCompute(),
  ): Promise<Trainer> {
    try {
      return await Trainer.#open(model, trained, options, compute);
    } catch (error) {
      await compute.close();
      throw error;
    }
  }

  static async #open(
    model: BaseModel,
    trained: TrainedTensors,
    options: TrainerOptions,
    compute: TrainerCompute,
  ): Promise<Trainer> {
    const { intraOpThreads, device, labelSmoothing } = options;
    const onBase = { intraOpThreads, ...(device && { device }), externalDataFolder: model.folder };
    const graph = gradientGraph(model, trained, labelSmoothing);
    const parts = {
      compute,
      gradients: await compute.gradients({ model, trained, labelSmoothing, graph, session: onBase }),
      // Validation is rare: it shares the mapped weight file and keeps no memory between its runs.
      evaluation: await compute.open(encodeOnnx(evaluationGraph(model, trained)), {
        ...onBase,
        prepack: false,
        arena: false,
      }),
      // On the CPU: all that it reads and writes lies in the host's memory, and copies to a GPU would take longer.
      optimiser: await compute.open(encodeOnnx(optimiserGraph(trained.specs, options)), { intraOpThreads }),
    };
    const start = options.start ?? (await startTensors(model, trained, options.seed));
    return new Trainer(trained, model, options, parts, matmulFlops(graph), start);
  }

  /** The trained tensors as they are now. */
  get tensors(): ReadonlyMap<string, HostTensor> {
    return this.#state.tensors;
  }

  /** Never changed in place: a step makes another one. */
  get state(): TrainerState {
    return this.#state;
  }

  /** Goes on from where a trainer of the same options was. */
  resume(state: TrainerState): void {
    this.#state = state;
  }

  /** One optimiser step on a batch, computed in one or more passes: the loss is the mean over the answer tokens of all. */
  async step(...passes: readonly Batch[]): Promise<StepResult> {
    const { tensors, moments, steps } = this.#state;
    const { loss, gradients } = await this.#gradients(passes);
    const learningRate = learningRateAt(steps, this.options);
    const result = await this.parts.optimiser.run({
      step: tensor('float32', [], Float32Array.of(steps)),
      learning_rate: tensor('float32', [], Float32Array.of(learningRate)),
      ...Object.fromEntries(tensors),
      ...Object.fromEntries(moments),
      ...gradients,
    });
    const gradientNorm = finite(result['gradient_norm']?.data[0], 'gradient_norm');
    // New maps, since the outputs are new memory: nothing that is being read is overwritten.
    const next = (names: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> =>
      new Map([...names.keys()].map((name) => [name, output(result, slot.next(name))]));
    this.#state = { tensors: next(tensors), moments: next(moments), steps: steps + 1 };
    return { loss, learningRate, gradientNorm };
  }

  /**
   * Mean cross-entropy over all answer tokens of `examples`, in nats.
   * @throws AppError cancelled when `signal` aborts, between two batches.
   */
  async evaluate(
    examples: Examples,
    limits: { readonly batchSize: number; readonly maxTokensPerBatch?: number | undefined },
    signal?: AbortSignal,
  ): Promise<number> {
    const front = this.trained.adapter?.prefix?.length ?? 0;
    let total = 0;
    let count = 0;
    for (const rows of batchesByLength(examples, limits)) {
      if (signal) throwIfAborted(signal);
      const batch = this.collate(examples, rows);
      const result = await this.parts.evaluation.run({
        ...Object.fromEntries(this.#state.tensors),
        ...wantedFeeds(this.parts.evaluation, passFeeds(batch, { front, dropoutSeed: NONE })),
      });
      total += finite(result['total']?.data[0], 'total');
      count += batch.answerLabels.data.length;
    }
    return total / count;
  }

  /** The feeds of the examples of these indices. */
  collate(examples: Examples, indices: readonly number[]): Batch {
    const rows = indices.flatMap((index) => examples.at(index) ?? []);
    return collate(rows, this.trained.maskOf, this.model.dimensions.vocabSize);
  }

  async close(): Promise<void> {
    await this.parts.compute.close();
  }

  /** Each pass counts by its share of the answer tokens. */
  async #gradients(passes: readonly Batch[]): Promise<PassResult> {
    const answers = passes.reduce((sum, { answerLabels }) => sum + answerLabels.data.length, 0);
    const { tensors } = this.#state;
    let loss = 0;
    let sum: Tensors | undefined;
    for (const [index, batch] of passes.entries()) {
      const pass = await this.parts.gradients({ tensors, batch, dropoutSeed: this.#seedOf(index) });
      const share = batch.answerLabels.data.length / answers;
      loss += share * pass.loss;
      sum = passes.length === 1 ? pass.gradients : weightedSum(sum, pass.gradients, share);
    }
    return { loss, gradients: sum ?? {} };
  }

  /** Another number for each pass of each step, below 2^31 as `dropout` takes it. */
  #seedOf(pass: number): number {
    const { seed, dropoutSeed: own = seed } = this.options;
    const stream = `dropout/${this.#state.steps}${pass > 0 ? `/${pass}` : ''}`;
    return randomStream(own, stream).below(2 ** 31);
  }
}

function output(result: Tensors, name: string): HostTensor {
  const found = result[name];
  if (!found)
    throw new AppError({ kind: 'bug', code: 'missing_output', message: `the step has no output ${name}` });
  return found;
}
