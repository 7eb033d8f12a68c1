import { availableParallelism } from 'node:os';
import { OnnxExecutor } from '@prad/generation';
import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import type { Device } from '@prad/runtime';
import { Trainer, collate, trainedTensors } from '@prad/training';
import type { BenchOptions } from './bench-options.js';
import { compared, type Measurement } from './report.js';
import { Rows } from './rows.js';
import { withSmolLM2Size } from './smollm2-size.js';

const ROUNDS = 7;
const BATCH = 16;
const CAPACITY = 256;
const PREFILL = { rows: 4, tokens: 128 };
const STEP = { rows: 8, tokens: 64, prompt: 40, rank: 32 };

/** Tokens a second of each task. */
type Rates = Record<string, number>;

/** Decoding, prompts and training steps on a device against all cores of the same machine, in turns, from equal weights. */
export async function benchDevice({ device, rounds = ROUNDS }: BenchOptions): Promise<Measurement[]> {
  if (device === undefined) {
    console.log('the bench of devices is left out without --device');
    return [];
  }
  return withSmolLM2Size(async (model) => {
    const [ours, cores] = [await DeviceSide.open(model, device), await DeviceSide.open(model, 'cpu')];
    const found: { ours: Rates; cores: Rates }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const both = { ours: await ours.round(), cores: await cores.round() };
      // The first round warms up.
      if (round > 0) found.push(both);
    }
    await ours.close();
    await cores.close();
    const of = (side: 'ours' | 'cores', task: string): number[] =>
      found.map((both) => both[side][task] ?? NaN);
    return Object.keys(found[0]?.ours ?? {}).map((task) =>
      compared(`${task}, ${device}`, of('ours', task), 'tokens/s', {
        what: `CPU, ${availableParallelism()} threads`,
        values: of('cores', task),
      }),
    );
  });
}

/** One of the two, with all that it has to do. */
class DeviceSide {
  private constructor(
    private readonly model: BaseModel,
    private readonly executor: OnnxExecutor,
    private readonly trainer: Trainer,
    private readonly batch: ReturnType<typeof collate>,
  ) {}

  static async open(model: BaseModel, device: Device): Promise<DeviceSide> {
    const compute = { intraOpThreads: availableParallelism(), device };
    const executor = await OnnxExecutor.open(model, { slots: BATCH, capacity: CAPACITY, ...compute });
    const trained = trainedTensors(model, {
      ...{ kind: 'adapter', method: 'adapter', scope: 'prompt' },
      options: { rank: STEP.rank },
    });
    const trainer = await Trainer.open(model, trained, {
      ...{ learningRate: 1e-3, warmupSteps: 0, totalSteps: 1000, weightDecay: 0, maxGradNorm: 1, seed: 1 },
      ...compute,
    });
    const random = randomStream(1);
    const examples = Array.from({ length: STEP.rows }, () => ({
      tokens: Array.from({ length: STEP.tokens }, () => random.below(model.dimensions.vocabSize)),
      promptLength: STEP.prompt,
    }));
    const batch = collate(examples, trained.maskOf, model.dimensions.vocabSize);
    return new DeviceSide(model, executor, trainer, batch);
  }

  async round(): Promise<Rates> {
    const rows = (count: number, tokens?: number): Rows =>
      new Rows(this.executor, this.model, count, undefined, tokens);
    const start = performance.now();
    await this.trainer.step(this.batch);
    const stepSeconds = (performance.now() - start) / 1000;
    return {
      'decode, batch 1': 1 / (await rows(1).decodeStep()),
      [`decode, batch ${BATCH}`]: BATCH / (await rows(BATCH).decodeStep()),
      [`prefill, ${PREFILL.rows} x ${PREFILL.tokens} tokens`]:
        (PREFILL.rows * PREFILL.tokens) / (await rows(PREFILL.rows, PREFILL.tokens).prefill()),
      [`training step, adapter r=${STEP.rank}, ${STEP.rows} x ${STEP.tokens} tokens`]:
        (STEP.rows * STEP.tokens) / stepSeconds,
    };
  }

  async close(): Promise<void> {
    await this.executor.close();
    await this.trainer.close();
  }
}
