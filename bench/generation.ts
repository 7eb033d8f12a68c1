import {
  OnnxExecutor,
  baseGraph,
  servedAdapter,
  type DecodeWeights,
  type ServedAdapter,
} from '@prad/generation';
import { matmulFlops } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { adapterFor, initialise } from '@prad/nn';
import { measureMatMulRate, measureStreamRate } from '@prad/runtime';
import { measurement, median, type Measurement } from './report.js';
import { Rows } from './rows.js';
import { withSmolLM2Size } from './smollm2-size.js';

const THREADS = 2;
const ROUNDS = 7;
const ROWS = 8;
const PREFILL = { rows: 4, tokens: 128 };
const SMALL = 256;
const LARGE = 4096;

/** Adapters of both methods and several ranks, as a mixed batch has them. */
async function mixedAdapters(model: BaseModel): Promise<ServedAdapter[]> {
  const made = Array.from({ length: ROWS }, (_, index) => {
    const method = index % 2 === 0 ? 'adapter' : 'lora';
    const adapter = adapterFor(model, method, { rank: 4 << (index % 5), init: 'released' });
    const artefact = {
      ...{ method, options: { ...adapter.options }, scope: 'prompt' },
      ...{ baseDigest: model.digest, baseModel: model.name },
      tensors: initialise(adapter.parameters, index),
    };
    return servedAdapter(model, artefact, `adapter ${index}`);
  });
  return Promise.all(made);
}

/** Executors of one model, each measured in its own way. */
type Executors = Readonly<Record<'small' | 'large' | 'q8' | 'q4', OnnxExecutor>>;

/** Decode and prefill against the machine's own limits and each other, taken in turns. */
export async function benchGeneration(): Promise<Measurement[]> {
  return withSmolLM2Size(
    async (model) => {
      const open = (capacity: number, decodeWeights: DecodeWeights): Promise<OnnxExecutor> =>
        OnnxExecutor.open(model, { slots: ROWS, capacity, intraOpThreads: THREADS, decodeWeights });
      const executors = {
        small: await open(SMALL, 'f32'),
        large: await open(LARGE, 'f32'),
        q8: await open(SMALL, 'q8'),
        q4: await open(SMALL, 'q4'),
      };
      try {
        return await measured(model, executors);
      } finally {
        for (const executor of Object.values(executors)) await executor.close();
      }
    },
    { quantise: [8, 4] },
  );
}

async function measured(model: BaseModel, { small, large, q8, q4 }: Executors): Promise<Measurement[]> {
  const adapters = await mixedAdapters(model);
  const { rows, tokens } = PREFILL;
  const one = new Rows(small, model, 1);
  const plain = new Rows(small, model, ROWS);
  const mixed = new Rows(small, model, ROWS, (row) => adapters[row]);
  const roomy = new Rows(large, model, ROWS);
  const prompts = new Rows(small, model, rows, undefined, tokens);
  const eight = { one: new Rows(q8, model, 1), all: new Rows(q8, model, ROWS) };
  const four = { one: new Rows(q4, model, 1), all: new Rows(q4, model, ROWS) };
  const limits = { intraOpThreads: THREADS, forMs: 500, statistic: 'median' } as const;
  const takes = {
    stream: () => measureStreamRate(limits),
    one: () => one.decodeStep(),
    plain: () => plain.decodeStep(),
    mixed: () => mixed.decodeStep(),
    roomy: () => roomy.decodeStep(),
    q8One: () => eight.one.decodeStep(),
    q4One: () => four.one.decodeStep(),
    q8Rows: () => eight.all.decodeStep(),
    q4Rows: () => four.all.decodeStep(),
    matmul: () => measureMatMulRate(limits),
    prefill: async () => median([await prompts.prefill(), await prompts.prefill(), await prompts.prefill()]),
  };
  const figures = await inTurns(takes);
  const weightBytes = [...small.decode.weights.values()].reduce((sum, { length }) => sum + length, 0);
  const flops = matmulFlops(baseGraph(model, SMALL))({ B: rows, T: tokens, N: rows });
  return [
    measurement('decode, batch 1: weights read', weightBytes / figures.one / 1e9, 'GB/s', {
      what: 'weight streaming',
      value: figures.stream / 1e9,
    }),
    measurement(`decode step, batch ${ROWS}, cache of ${LARGE}`, 1000 * figures.roomy, 'ms', {
      what: `cache of ${SMALL}`,
      value: 1000 * figures.plain,
    }),
    measurement(`decode, ${ROWS} rows of ${ROWS} adapters`, ROWS / figures.mixed, 'tokens/s', {
      what: 'rows without adapter',
      value: ROWS / figures.plain,
    }),
    measurement(`prefill, ${rows} x ${tokens} tokens`, flops / figures.prefill / 1e9, 'GFLOP/s', {
      what: 'onnxruntime MatMul',
      value: figures.matmul / 1e9,
    }),
    fewerBits('8-bit', 1, figures.q8One, figures.one),
    fewerBits('4-bit', 1, figures.q4One, figures.one),
    fewerBits('8-bit', ROWS, figures.q8Rows, figures.plain),
    fewerBits('4-bit', ROWS, figures.q4Rows, figures.plain),
  ];
}

/** Tokens a second from the seconds of a step with the copy, and of one with the weights as they are. */
function fewerBits(copy: string, batch: number, step: number, exact: number): Measurement {
  const against = { what: 'float32 weights', value: batch / exact };
  return measurement(`decode, batch ${batch}, ${copy} weights`, batch / step, 'tokens/s', against);
}

/** The median of each over several rounds, in turns, so that a machine that slows down slows all; one round warms up. */
async function inTurns<Name extends string>(
  takes: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(takes) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const value = await takes[name]();
      if (round > 0) found[name].push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(found[name])])) as Record<Name, number>;
}
