import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterFolder, encodeAdapterFolder, writeAdapterFolder } from '@prad/adapter-files';
import { Engine, OnnxExecutor, servedAdapter, type ServedAdapter } from '@prad/generation';
import { layoutOf, type BaseModel } from '@prad/models';
import { adapterFor, initialise, randomStream } from '@prad/nn';
import type { BenchOptions } from './bench-options.js';
import { answers, greedy, noText } from './answers.js';
import { peerPython } from './peers/python.js';
import type { ServedBatch, ServingTask } from './peers/serving-task.js';
import { Side } from './peers/side.js';
import { compared, measurement, type Measurement } from './report.js';
import { withSmolLM2 } from './smollm2.js';

const THREADS = 2;
const ROWS = 16;
const PROMPT = 40;
const LONGEST = 128;
const ROUNDS = 5;
/** PEFT's defaults for Llama. */
const LORA = { rank: 8, alpha: 8, scaling: 'rank', targets: ['q_proj', 'v_proj'], init: 'released' };

/** What both sides are asked. */
interface Batch {
  /** Different ones among the rows; up to one for every request, which is what many tasks ask for. */
  readonly adapters: number;
  /** Tokens of every answer. */
  readonly answer: number;
}

/** Short answers, as those of E2E, and long ones: reading prompts takes both sides about the same time. */
const batches: readonly Batch[] = [
  { adapters: 0, answer: 32 },
  { adapters: 8, answer: 32 },
  { adapters: 16, answer: 32 },
  { adapters: 16, answer: LONGEST },
];

/**
 * Tokens/s of 16 requests with different LoRA adapters among them, from the first to the last: ours through the engine, with
 * adapters that act on prompts alone and with conventional ones, which are the same as theirs; transformers and peft by
 * `generate` with the adapter of each row (`adapter_names`), in a process of its own and in turns with ours.
 *
 * Theirs runs as their documentation has it for speed on a CPU in float32: scaled dot-product attention, inference
 * mode, the dynamic cache, rows of equal length so that nothing is padded. Its rows are in adapter order, so that those
 * of an adapter lie side by side.
 */
export async function benchPeft({ rounds = ROUNDS }: BenchOptions): Promise<Measurement[]> {
  const python = await peerPython();
  if (python === undefined) return [];
  return withSmolLM2(async (model) => {
    const folder = await mkdtemp(join(tmpdir(), 'prad-bench-peft-'));
    const executor = await OnnxExecutor.open(model, {
      ...{ slots: ROWS, capacity: PROMPT + LONGEST, intraOpThreads: THREADS },
    });
    const engine = new Engine(executor, noText, { prefillTokens: ROWS * PROMPT });
    try {
      return await sideBySide(model, engine, { python, folder, rounds });
    } finally {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function sideBySide(
  model: BaseModel,
  engine: Engine,
  { python, folder, rounds }: { readonly python: string; readonly folder: string; readonly rounds: number },
): Promise<Measurement[]> {
  const adapters = await writtenAdapters(model, folder);
  const task = taskOf(model, adapters);
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(task));
  const ours = ({ adapters: count, answer }: Batch, scope: Scope): Promise<ServedBatch> =>
    answers(
      engine,
      task.prompts.map((prompt, row) => ({
        ...{ prompt, maxTokens: answer, sampling: greedy },
        adapter: adapters[placeOf(row, count)]?.[scope],
      })),
    );
  const peft = new Side(python, ['bench/peers/serving.py', file]);
  try {
    const theirs = ({ adapters: count, answer }: Batch) => peft.ask<ServedBatch>(`${answer} ${count}`);
    return (await inTurns(ours, theirs, rounds)).flatMap(measurements);
  } finally {
    await peft.close();
  }
}

type Scope = 'prompt' | 'all';

/** Which of `count` adapters a row has, so that rows of an adapter lie side by side; -1 for none. */
function placeOf(row: number, count: number): number {
  return count === 0 ? -1 : Math.floor((row * count) / ROWS);
}

interface WrittenAdapter {
  readonly name: string;
  /** In PEFT's layout. */
  readonly folder: string;
  readonly prompt: ServedAdapter;
  readonly all: ServedAdapter;
}

/** LoRAs of random factors, each as PEFT reads it and served under both scopes. */
function writtenAdapters(model: BaseModel, parent: string): Promise<WrittenAdapter[]> {
  return Promise.all(
    Array.from({ length: ROWS }, async (_, index) => {
      const name = `adapter-${index}`;
      const folder = join(parent, name);
      const adapter = adapterFor(model, 'lora', LORA);
      const artefact = {
        ...{ method: 'lora', options: { ...adapter.options }, scope: 'all' },
        ...{ baseDigest: model.digest, baseModel: model.name },
        tensors: initialise(adapter.parameters, index),
      };
      const { config, weights } = encodeAdapterFolder(writeAdapterFolder(artefact, layoutOf(model), 'peft'));
      await mkdir(folder);
      await writeFile(join(folder, adapterFolder.config), config);
      await writeFile(join(folder, adapterFolder.weights), weights);
      return {
        ...{ name, folder },
        prompt: await servedAdapter(model, { ...artefact, scope: 'prompt' }, `${name} prompt`),
        all: await servedAdapter(model, artefact, `${name} all`),
      };
    }),
  );
}

function taskOf(model: BaseModel, adapters: readonly WrittenAdapter[]): ServingTask {
  const random = randomStream(1);
  const prompts = Array.from({ length: ROWS }, () =>
    Array.from({ length: PROMPT }, () => random.below(model.dimensions.vocabSize)),
  );
  return {
    modelFolder: model.folder,
    adapters: Object.fromEntries(adapters.map(({ name, folder }) => [name, folder])),
    prompts,
    adapterOf: Object.fromEntries(
      batches.map(({ adapters: count }) => [
        String(count),
        prompts.map((_, row) => adapters[placeOf(row, count)]?.name ?? ''),
      ]),
    ),
    threads: THREADS,
  };
}

interface Found {
  readonly batch: Batch;
  readonly onPrompts: ServedBatch[];
  readonly conventional: ServedBatch[];
  readonly theirs: ServedBatch[];
}

/** Every round of each batch; the first, which warms up, is left out. */
async function inTurns(
  ours: (batch: Batch, scope: Scope) => Promise<ServedBatch>,
  theirs: (batch: Batch) => Promise<ServedBatch>,
  rounds: number,
): Promise<Found[]> {
  const found = batches.map((batch): Found => ({ batch, onPrompts: [], conventional: [], theirs: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { batch, ...of } of found) {
      const taken = [await ours(batch, 'prompt'), await ours(batch, 'all'), await theirs(batch)] as const;
      if (round === 0) continue;
      of.onPrompts.push(taken[0]);
      of.conventional.push(taken[1]);
      of.theirs.push(taken[2]);
    }
  }
  return found;
}

function measurements({ batch: { adapters, answer }, ...found }: Found): Measurement[] {
  const rates = (of: readonly ServedBatch[]): number[] => of.map(({ seconds }) => (ROWS * answer) / seconds);
  const against = {
    what: `transformers, peft: ${adapters === 0 ? 'none' : 'adapter_names'}`,
    values: rates(found.theirs),
  };
  const requests = `${ROWS} requests of ${PROMPT} + ${answer} tokens`;
  const line = (what: string, of: readonly ServedBatch[]): Measurement =>
    compared(`${requests}, ${what}`, rates(of), 'tokens/s', against);
  const same = agreement(`equal answers, ${adapters} adapters, ${answer} tokens`, found);
  if (adapters === 0) return [line('no adapters', found.onPrompts), same];
  return [
    line(`${adapters} adapters on prompts`, found.onPrompts),
    line(`${adapters} conventional adapters`, found.conventional),
    same,
  ];
}

/** How many answers are the same, token by token. */
function agreement(
  what: string,
  { conventional: [ours], theirs: [theirs] }: Pick<Found, 'conventional' | 'theirs'>,
): Measurement {
  const same = ours?.tokens.filter((tokens, row) => String(tokens) === String(theirs?.tokens[row])) ?? [];
  return measurement(what, same.length, 'rows', { what: 'all', value: ROWS });
}
