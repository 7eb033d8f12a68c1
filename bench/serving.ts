import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAdapter, readAdapter } from '@prad/adapter-files';
import {
  AdapterBank,
  Engine,
  OnnxExecutor,
  servedAdapter,
  type Sampling,
  type ServedAdapter,
  type StepFacts,
} from '@prad/generation';
import type { BaseModel } from '@prad/models';
import { adapterFor, initialise, randomStream } from '@prad/nn';
import type { Device } from '@prad/runtime';
import { linePlot } from './line-plot.js';
import type { BenchOptions } from './bench-options.js';
import { compared, measurement, median, type Measurement } from './report.js';
import { withSmolLM2Size } from './smollm2-size.js';

const THREADS = 2;
const ROWS = 16;
const ROUNDS = 15;
/** Rounds apart in which the slow cases, which nothing is demanded of, are taken. */
const SELDOM = 3;
const PROMPT = 16;
/** Tokens of an answer; the steps between the first and the last are pure decode steps of all rows. */
const ANSWER = 20;
const CAPACITY = 128;
const RANKS = [4, 8, 16, 32, 64, 128, 256];
const REGISTERED = 1024;

const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const drawnOfAll = { temperature: 1, topK: 0, topP: 1, seed: 0 };
const drawnOfNucleus = { ...drawnOfAll, topP: 0.9 };
const drawnOf50 = { ...drawnOfNucleus, topK: 50 };
const noText = { endTokens: new Set<number>(), detokenizer: () => ({ push: () => '', end: () => '' }) };

type AdapterOf = (row: number, round: number) => Promise<ServedAdapter | undefined>;

const noAdapter: AdapterOf = () => Promise.resolve(undefined);

/** What the requests of a round have in common. */
interface Case {
  readonly adapterOf: AdapterOf;
  /** `greedy` by default. */
  readonly sampling?: Sampling;
  /** Every how many rounds it is taken; 1 by default. */
  readonly every?: number;
}

/** What one round of a case found. */
interface Round {
  readonly tokensPerSecond: number;
  /** Shares of a decode step outside onnxruntime, and of that in the scheduler. */
  readonly overhead: number;
  readonly scheduler: number;
}

/**
 * Decode tokens/s of a batch of 16 by how many adapters its prompts had, through the whole engine: 0, 1, 4, 16, and 16 of
 * 1,024 registered ones at a time, each read from its file when it is asked for; and the same with conventional
 * adapters, which act on answers too. All cases in turns, beginning with another one each round, so that a machine that slows
 * down slows all.
 */
export async function benchServing({
  device = 'cpu',
  rounds = ROUNDS,
}: BenchOptions): Promise<Measurement[]> {
  return withSmolLM2Size(async (model) => {
    const folder = await mkdtemp(join(tmpdir(), 'prad-adapters-'));
    const executor = await OnnxExecutor.open(model, {
      ...{ slots: ROWS, capacity: CAPACITY, intraOpThreads: THREADS, device },
    });
    const bench = new ServingBench(model, executor);
    try {
      const [prompt, all] = [
        await registered(model, folder, 'prompt', REGISTERED),
        await registered(model, folder, 'all', ROWS),
      ];
      const cases: Record<string, Case> = {
        '0 adapters': { adapterOf: noAdapter },
        '1 adapter': { adapterOf: () => prompt(4) },
        '4 adapters': { adapterOf: (row) => prompt(2 * (row % 4)) },
        '16 adapters': { adapterOf: prompt },
        '16 of 1,024 in turn': {
          adapterOf: (row, round) => prompt((round * ROWS + row) % REGISTERED),
        },
        '1 conventional': { adapterOf: () => all(4), every: SELDOM },
        '4 conventional': { adapterOf: (row) => all(2 * (row % 4)), every: SELDOM },
        '16 conventional': { adapterOf: all, every: SELDOM },
        'drawn from all tokens': { adapterOf: noAdapter, sampling: drawnOfAll, every: SELDOM },
        'drawn from a nucleus of 0.9': { adapterOf: noAdapter, sampling: drawnOfNucleus, every: SELDOM },
        'drawn from the 50 likeliest': { adapterOf: noAdapter, sampling: drawnOf50, every: SELDOM },
      };
      return await measurements(await inTurns(bench, cases, rounds), device);
    } finally {
      await bench.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Adapters of ranks 4 to 256, registered by digest; those of a rank share a file, and are different ones otherwise. */
async function registered(
  model: BaseModel,
  folder: string,
  scope: string,
  count: number,
): Promise<(index: number) => Promise<ServedAdapter>> {
  const paths: string[] = [];
  for (const rank of RANKS) {
    const adapter = adapterFor(model, 'adapter', { rank, init: 'released' });
    const path = join(folder, `${scope}-${rank}.safetensors`);
    const bytes = encodeAdapter({
      ...{ method: 'adapter', options: { ...adapter.options }, scope },
      ...{ baseDigest: model.digest, baseModel: model.name },
      tensors: initialise(adapter.parameters, rank),
    });
    await writeFile(path, bytes);
    paths.push(path);
  }
  const bank = new AdapterBank(256 << 20);
  return (index) => {
    const digest = `${scope} ${index % count}`;
    const path = paths[index % paths.length] ?? '';
    return bank.get(digest, async () => servedAdapter(model, await readAdapter(path, model), digest));
  };
}

/** An engine whose steps are looked at. */
class ServingBench {
  readonly #engine: Engine;
  #steps: (StepFacts & { readonly nativeMs: number })[] = [];
  #nativeMs = 0;

  constructor(
    private readonly model: BaseModel,
    private readonly executor: OnnxExecutor,
  ) {
    const onStep = (step: StepFacts): void => {
      this.#steps.push({ ...step, nativeMs: executor.nativeMs - this.#nativeMs });
      this.#nativeMs = executor.nativeMs;
    };
    this.#engine = new Engine(executor, noText, { prefillTokens: ROWS * PROMPT, onStep });
  }

  /** Answers a batch of 16 and looks at the steps that gave each row one more token. */
  async round({ adapterOf, sampling = greedy }: Case, round: number): Promise<Round> {
    const random = randomStream(round);
    const adapters = await Promise.all(Array.from({ length: ROWS }, (_, row) => adapterOf(row, round)));
    const requests = adapters.map((adapter) => ({
      ...{ adapter, maxTokens: ANSWER, sampling },
      prompt: Array.from({ length: PROMPT }, () => random.below(this.model.dimensions.vocabSize)),
    }));
    this.#steps = [];
    await Promise.all(
      requests.map(async (request) => {
        for await (const event of this.#engine.submit(request)) if (event.type === 'finished') return;
      }),
    );
    const decode = this.#steps.filter(
      ({ prefillRows, decodeRows }) => prefillRows === 0 && decodeRows === ROWS,
    );
    const wall = ({ ms, overheadMs }: StepFacts): number => ms + overheadMs;
    return {
      tokensPerSecond: (1000 * ROWS) / median(decode.map(wall)),
      overhead: median(decode.map((step) => 1 - step.nativeMs / wall(step))),
      scheduler: median(decode.map((step) => step.overheadMs / wall(step))),
    };
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }
}

/** What each case found, by round; the first round, which warms up, is left out. */
async function inTurns(
  bench: ServingBench,
  cases: Readonly<Record<string, Case>>,
  rounds: number,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Round>>> {
  const names = Object.keys(cases);
  const found = new Map(names.map((name) => [name, new Map<number, Round>()]));
  for (let round = 0; round <= rounds; round++) {
    for (const place of names.keys()) {
      const name = names[(place + round) % names.length] ?? '';
      const requests = cases[name] ?? { adapterOf: noAdapter };
      if (round % (requests.every ?? 1) !== 0) continue;
      const result = await bench.round(requests, round);
      if (round > 0) found.get(name)?.set(round, result);
    }
  }
  return found;
}

async function measurements(
  found: ReadonlyMap<string, ReadonlyMap<number, Round>>,
  device: Device,
): Promise<Measurement[]> {
  const base = found.get('0 adapters') ?? new Map<number, Round>();
  const cases = [...found].map(([name, byRound]) => {
    const [rounds, values] = [
      [...byRound.keys()],
      [...byRound.values()].map((round) => round.tokensPerSecond),
    ];
    const beside = rounds.map((round) => base.get(round)?.tokensPerSecond ?? Number.NaN);
    const against = { what: 'without adapters', values: beside };
    return { name, result: compared(`decode, batch ${ROWS}, ${name}`, values, 'tokens/s', against) };
  });
  const ratios = new Map(cases.map(({ name, result }) => [name, result.ratio]));
  const baseRate = median([...base.values()].map((round) => round.tokensPerSecond));
  await plot((name) => baseRate * (ratios.get(name) ?? Number.NaN), device);
  const share = (what: 'overhead' | 'scheduler'): number =>
    100 * median([...base.values()].map((round) => round[what]));
  const allowed = { what: 'allowed', value: 3 };
  return [
    ...cases.slice(1).map(({ result }) => result),
    measurement(`decode step, batch ${ROWS}: outside onnxruntime`, share('overhead'), '%', allowed),
    measurement(`decode step, batch ${ROWS}: scheduler and sampling`, share('scheduler'), '%', allowed),
  ];
}

/** Rates as shares of the base's, so that each is held against the base of its own rounds. */
async function plot(rate: (name: string) => number, device: Device): Promise<void> {
  const [path, by] =
    device === 'cpu' ? ['serving.svg', `${THREADS} threads`] : [`serving-${device}.svg`, device];
  await mkdir('docs/performance', { recursive: true });
  const svg = linePlot({
    title: `Decode, batch of ${ROWS}, SmolLM2-135M's size, float32, ${by}`,
    x: {
      label: 'different adapters in the batch, ranks 4 to 256',
      ticks: ['none', '1', '4', '16', '16 of 1,024'],
    },
    y: { label: 'tokens/s' },
    series: [
      {
        name: 'adapters act on the prompt (PrAd)',
        values: ['0 adapters', '1 adapter', '4 adapters', '16 adapters', '16 of 1,024 in turn'].map(rate),
      },
      {
        name: 'adapters act on every token (conventional)',
        values: ['0 adapters', '1 conventional', '4 conventional', '16 conventional'].map(rate),
      },
    ],
  });
  await writeFile(`docs/performance/${path}`, svg);
  console.log(`wrote docs/performance/${path}`);
}
