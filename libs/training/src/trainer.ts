import { AppError } from '@prad/errors';
import { encodeOnnx } from '@prad/graph';
import type { TokenExample } from '@prad/formats';
import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { Session, type Device, type Tensors } from '@prad/runtime';
import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { startTensors } from './start-tensors.js';
import { batchesOf } from './batches.js';
import { collate, type Batch } from './collate.js';
import {
  dropoutSeed,
  evaluationGraph,
  gradientGraph,
  optimiserGraph,
  slot,
  type OptimiserOptions,
} from './step-graphs.js';
import type { TrainedTensors } from './trained-tensors.js';

export interface StepResult {
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

export interface TrainerOptions extends OptimiserOptions {
  readonly seed: number;
  readonly intraOpThreads: number;
  /** `cpu` by default. */
  readonly device?: Device;
  /** Start values of the trained tensors; without them they are initialised from the seed. */
  readonly start?: ReadonlyMap<string, HostTensor>;
}

/** The state of a run: the trained tensors, their moments and the steps taken, with the sessions that move it on. */
export class Trainer {
  #tensors: Map<string, HostTensor>;
  #moments: Record<string, HostTensor>;
  #steps = 0;

  private constructor(
    private readonly trained: TrainedTensors,
    private readonly model: BaseModel,
    private readonly seed: number,
    private readonly sessions: {
      readonly gradient: Session;
      readonly evaluation: Session;
      readonly optimiser: Session;
    },
    start: ReadonlyMap<string, HostTensor>,
  ) {
    this.#tensors = new Map(start);
    this.#moments = Object.fromEntries(
      trained.specs.flatMap(({ name, shape }) => [
        [slot.mean(name), zeros('float32', shape)],
        [slot.variance(name), zeros('float32', shape)],
      ]),
    );
  }

  /** Builds and loads the graphs. */
  static async open(model: BaseModel, trained: TrainedTensors, options: TrainerOptions): Promise<Trainer> {
    const { intraOpThreads, device } = options;
    const everywhere = { intraOpThreads, ...(device && { device }) };
    const onBase = { ...everywhere, externalDataFolder: model.folder };
    const sessions = {
      gradient: await Session.open(encodeOnnx(gradientGraph(model, trained)), onBase),
      // Validation is rare: it shares the mapped weight file and keeps no memory between its runs.
      evaluation: await Session.open(encodeOnnx(evaluationGraph(model, trained)), {
        ...onBase,
        prepack: false,
        arena: false,
      }),
      optimiser: await Session.open(encodeOnnx(optimiserGraph(trained.specs, options)), everywhere),
    };
    const start = options.start ?? (await startTensors(model, trained, options.seed));
    return new Trainer(trained, model, options.seed, sessions, start);
  }

  /** The trained tensors as they are now. */
  get tensors(): ReadonlyMap<string, HostTensor> {
    return this.#tensors;
  }

  /** One optimiser step on a batch. */
  async step(batch: Batch): Promise<StepResult> {
    const { loss, ...gradients } = await this.sessions.gradient.run({
      ...Object.fromEntries(this.#tensors),
      ...this.#feeds(batch, this.sessions.gradient),
    });
    const result = await this.sessions.optimiser.run({
      step: tensor('float32', [], Float32Array.of(this.#steps)),
      ...Object.fromEntries(this.#tensors),
      ...this.#moments,
      ...gradients,
    });
    // New maps, since the outputs are new memory: nothing that is being read is overwritten.
    this.#tensors = new Map([...this.#tensors.keys()].map((name) => [name, output(result, slot.next(name))]));
    this.#moments = Object.fromEntries(
      Object.keys(this.#moments).map((name) => [name, output(result, slot.next(name))]),
    );
    this.#steps++;
    return {
      loss: number(loss, 'loss'),
      learningRate: number(result['learning_rate'], 'learning_rate'),
      gradientNorm: number(result['gradient_norm'], 'gradient_norm'),
    };
  }

  /** Mean cross-entropy over all answer tokens of `examples`, in nats. */
  async evaluate(examples: readonly TokenExample[], batchSize: number): Promise<number> {
    let total = 0;
    let count = 0;
    for (const rows of batchesOf(examples, batchSize)) {
      const batch = collate(rows, this.trained.maskOf, this.model.dimensions.vocabSize);
      const result = await this.sessions.evaluation.run({
        ...Object.fromEntries(this.#tensors),
        ...this.#feeds(batch, this.sessions.evaluation),
      });
      total += number(result['total'], 'total');
      count += batch.answerLabels.data.length;
    }
    return total / count;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.sessions).map((session) => session.close()));
  }

  /** A batch's feeds, as far as the graph has inputs for them. */
  #feeds(batch: Batch, session: Session): Tensors {
    const [rows = 0, length = 0] = batch.inputIds.shape;
    const front = this.trained.adapter?.prefix?.length ?? 0;
    const positions = BigInt64Array.from({ length: rows * length }, (_, index) =>
      BigInt(front + (index % length)),
    );
    const count = batch.answerLabels.data.length;
    const feeds: Tensors = {
      input_ids: batch.inputIds,
      position_ids: tensor('int64', [rows, length], positions),
      answer_positions: batch.answerPositions,
      answer_labels: batch.answerLabels,
      answer_weights: tensor('float32', [count], new Float32Array(count).fill(1)),
      mask: batch.adapterMask,
      virtual_tokens: batch.virtualTokens,
      [dropoutSeed]: tensor('int64', [], BigInt64Array.of(BigInt(seedOfStep(this.seed, this.#steps)))),
    };
    const wanted = new Set(session.inputs.map(({ name }) => name));
    return Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.has(name)));
  }
}

/** Another number for each step, below 2^31 as `dropout` takes it. */
function seedOfStep(seed: number, step: number): number {
  return randomStream(seed, `dropout/${step}`).below(2 ** 31);
}

function output(result: Tensors, name: string): HostTensor {
  const found = result[name];
  if (!found)
    throw new AppError({ kind: 'bug', code: 'missing_output', message: `the step has no output ${name}` });
  return found;
}

/** A scalar output; a loss that is not a number ends the run before it spoils the tensors that are kept. */
function number(value: HostTensor | undefined, name: string): number {
  const found = Number(value?.data[0]);
  if (Number.isFinite(found)) return found;
  throw new AppError({
    kind: 'invalid',
    code: 'training_diverged',
    message: `training diverged: ${name} is ${found}; a smaller learning_rate may help`,
  });
}
