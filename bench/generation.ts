import { OnnxExecutor, baseGraph, servedAdapter, type ServedAdapter } from '@prad/generation';
import { matmulFlops } from '@prad/graph';
import { quantisations, type BaseModel, type Quantisation } from '@prad/models';
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
interface Executors {
  readonly small: OnnxExecutor;
  readonly large: OnnxExecutor;
  /** Those that decode and read prompts with rounded copies. */
  readonly copies: Readonly<Record<Quantisation, OnnxExecutor>>;
}

/** Decode and prefill against the machine's own limits and each other, taken in turns. */
export async function benchGeneration(): Promise<Measurement[]> {
  return withSmolLM2Size(
    async (model) => {
      const settings = { slots: ROWS, intraOpThreads: THREADS };
      const copy = (decodeWeights: Quantisation): Promise<OnnxExecutor> =>
        OnnxExecutor.open(model, { ...settings, capacity: SMALL, decodeWeights, prefillWeights: 'decode' });
      const executors = {
        small: await OnnxExecutor.open(model, { ...settings, capacity: SMALL }),
        large: await OnnxExecutor.open(model, { ...settings, capacity: LARGE }),
        copies: { q8: await copy('q8'), q4: await copy('q4'), w8a8: await copy('w8a8') },
      };
      const { small, large, copies } = executors;
      try {
        return await measured(model, executors);
      } finally {
        for (const executor of [small, large, ...Object.values(copies)]) await executor.close();
      }
    },
    { quantise: quantisations },
  );
}

async function measured(model: BaseModel, { small, large, copies }: Executors): Promise<Measurement[]> {
  const adapters = await mixedAdapters(model);
  const { rows, tokens } = PREFILL;
  const one = new Rows(small, model, 1);
  const plain = new Rows(small, model, ROWS);
  const mixed = new Rows(small, model, ROWS, (row) => adapters[row]);
  const roomy = new Rows(large, model, ROWS);
  const prompts = new Rows(small, model, rows, undefined, tokens);
  const limits = { intraOpThreads: THREADS, forMs: 500, statistic: 'median' } as const;
  const takes = {
    stream: () => measureStreamRate(limits),
    one: () => one.decodeStep(),
    plain: () => plain.decodeStep(),
    mixed: () => mixed.decodeStep(),
    roomy: () => roomy.decodeStep(),
    matmul: () => measureMatMulRate(limits),
    prefill: () => prefillSeconds(prompts),
    ...takesOf('q8', copies.q8, model),
    ...takesOf('q4', copies.q4, model),
    ...takesOf('w8a8', copies.w8a8, model),
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
    ...quantisations.flatMap((copy) => [
      against(`decode, batch 1, ${copy} weights`, 1, figures[`${copy}, one`], figures.one),
      against(`decode, batch ${ROWS}, ${copy} weights`, ROWS, figures[`${copy}, rows`], figures.plain),
      against(`prefill, ${copy} weights`, rows * tokens, figures[`${copy}, prompts`], figures.prefill),
    ]),
  ];
}

type Taken<Copy extends Quantisation> = Readonly<
  Record<`${Copy}, ${'one' | 'rows' | 'prompts'}`, () => Promise<number>>
>;

/** Seconds of a step of one row and of all rows, and of prompts, with a rounded copy. */
function takesOf<Copy extends Quantisation>(
  copy: Copy,
  executor: OnnxExecutor,
  model: BaseModel,
): Taken<Copy> {
  const one = new Rows(executor, model, 1);
  const all = new Rows(executor, model, ROWS);
  const prompts = new Rows(executor, model, PREFILL.rows, undefined, PREFILL.tokens);
  return {
    [`${copy}, one`]: () => one.decodeStep(),
    [`${copy}, rows`]: () => all.decodeStep(),
    [`${copy}, prompts`]: () => prefillSeconds(prompts),
  } as Taken<Copy>;
}

async function prefillSeconds(prompts: Rows): Promise<number> {
  return median([await prompts.prefill(), await prompts.prefill(), await prompts.prefill()]);
}

/** Tokens a second from the seconds that so many take with a copy, and with the weights as they are. */
function against(what: string, tokens: number, seconds: number, exact: number): Measurement {
  return measurement(what, tokens / seconds, 'tokens/s', { what: 'float32 weights', value: tokens / exact });
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
