import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { projectionKinds } from '@prad/adapter-options';
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
const LORA = { rank: 8, alpha: 8, scaling: 'rank', init: 'released' };

/** Where PEFT attaches a LoRA: its default for Llama, and what it calls `all-linear`. */
const targets = {
  'q_proj, v_proj': ['q_proj', 'v_proj'],
  'all-linear': projectionKinds,
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Targets = keyof typeof targets;

/** What both sides are asked. */
interface Batch {
  /** Different ones among the rows; up to one for every request, which is what many tasks ask for. */
  readonly adapters: number;
  readonly at: Targets;
  /** Tokens of every answer. */
  readonly answer: number;
}

/** Short answers, as those of E2E, and long ones: reading prompts takes both sides about the same time. */
const batches: readonly Batch[] = [
  { adapters: 0, at: 'q_proj, v_proj', answer: 32 },
  { adapters: 8, at: 'q_proj, v_proj', answer: 32 },
  { adapters: 16, at: 'q_proj, v_proj', answer: 32 },
  { adapters: 16, at: 'q_proj, v_proj', answer: LONGEST },
  { adapters: 16, at: 'all-linear', answer: 32 },
  { adapters: 16, at: 'all-linear', answer: LONGEST },
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
  const written = await writtenAdapters(model, folder);
  const task = taskOf(model, written);
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(task));
  const ours = (batch: Batch, scope: Scope): Promise<ServedBatch> =>
    answers(
      engine,
      task.prompts.map((prompt, row) => ({
        ...{ prompt, maxTokens: batch.answer, sampling: greedy },
        adapter: adapterOf(written, batch, row)?.[scope],
      })),
    );
  const peft = new Side(python, ['bench/peers/serving.py', file]);
  try {
    const theirs = (batch: Batch) =>
      peft.ask<ServedBatch>(JSON.stringify({ tokens: batch.answer, mix: mixOf(batch) }));
    return (await inTurns(ours, theirs, rounds)).flatMap(measurements);
  } finally {
    await peft.close();
  }
}

type Scope = 'prompt' | 'all';

/** What an adapter of each row is called together, in the task. */
function mixOf({ adapters, at }: Batch): string {
  return adapters === 0 ? 'none' : `${adapters} at ${at}`;
}

/** Rows of an adapter lie side by side; undefined for none. */
function adapterOf(
  written: WrittenAdapters,
  { adapters, at }: Batch,
  row: number,
): WrittenAdapter | undefined {
  return adapters === 0 ? undefined : written[at][Math.floor((row * adapters) / ROWS)];
}

interface WrittenAdapter {
  readonly name: string;
  /** In PEFT's layout. */
  readonly folder: string;
  readonly prompt: ServedAdapter;
  readonly all: ServedAdapter;
}
type WrittenAdapters = Readonly<Record<Targets, readonly WrittenAdapter[]>>;

async function writtenAdapters(model: BaseModel, parent: string): Promise<WrittenAdapters> {
  const written = (at: Targets): Promise<WrittenAdapter[]> =>
    Promise.all(
      Array.from({ length: ROWS }, (_, index) =>
        writtenAdapter(model, at, { index, folder: join(parent, `${targets[at].length}-${index}`) }),
      ),
    );
  return { 'q_proj, v_proj': await written('q_proj, v_proj'), 'all-linear': await written('all-linear') };
}

/** A LoRA of random factors, as PEFT reads it and served under both scopes. */
async function writtenAdapter(
  model: BaseModel,
  at: Targets,
  { index, folder }: { readonly index: number; readonly folder: string },
): Promise<WrittenAdapter> {
  const name = basename(folder);
  const adapter = adapterFor(model, 'lora', { ...LORA, targets: targets[at] });
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
}

function taskOf(model: BaseModel, written: WrittenAdapters): ServingTask {
  const random = randomStream(1);
  const prompts = Array.from({ length: ROWS }, () =>
    Array.from({ length: PROMPT }, () => random.below(model.dimensions.vocabSize)),
  );
  const mixed = batches.filter(({ adapters }) => adapters > 0);
  return {
    modelFolder: model.folder,
    adapters: Object.fromEntries(
      Object.values(written)
        .flat()
        .map(({ name, folder }) => [name, folder]),
    ),
    prompts,
    mixes: Object.fromEntries(
      mixed.map((batch) => [
        mixOf(batch),
        prompts.map((_, row) => adapterOf(written, batch, row)?.name ?? ''),
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

function measurements({ batch, ...found }: Found): Measurement[] {
  const { adapters, at, answer } = batch;
  const rates = (of: readonly ServedBatch[]): number[] => of.map(({ seconds }) => (ROWS * answer) / seconds);
  const against = {
    what: `transformers, peft: ${adapters === 0 ? 'none' : 'adapter_names'}`,
    values: rates(found.theirs),
  };
  const line = (what: string, of: readonly ServedBatch[]): Measurement =>
    compared(`${ROWS} x ${PROMPT} + ${answer} tokens, ${what}`, rates(of), 'tokens/s', against);
  const same = agreement(`equal answers, ${answer} tokens, ${mixOf(batch)}`, found);
  if (adapters === 0) return [line('no adapters', found.onPrompts), same];
  return [
    line(`${adapters} LoRAs at ${at}, on prompts`, found.onPrompts),
    line(`${adapters} LoRAs at ${at}, conventional`, found.conventional),
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
