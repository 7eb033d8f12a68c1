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
const ADAPTERS = 8;
const PROMPT = 40;
const ANSWER = 32;
const ROUNDS = 5;
/** PEFT's defaults for Llama. */
const LORA = { rank: 8, alpha: 8, scaling: 'rank', targets: ['q_proj', 'v_proj'], init: 'released' };

/**
 * Tokens/s of 16 requests, 8 different LoRA adapters among them, from the first to the last: ours through the engine, with
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
      ...{ slots: ROWS, capacity: PROMPT + ANSWER, intraOpThreads: THREADS },
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
  const ours = (of: (row: number) => ServedAdapter | undefined) => (): Promise<ServedBatch> =>
    answers(
      engine,
      task.prompts.map((prompt, row) => ({
        ...{ prompt, adapter: of(row), maxTokens: ANSWER, sampling: greedy },
      })),
    );
  const adapterOf = (row: number) => adapters[Math.floor(row / (ROWS / ADAPTERS))];
  const peft = new Side(python, ['bench/peers/serving.py', file]);
  try {
    return measurements(
      await inTurns(
        {
          base: ours(() => undefined),
          prompt: ours((row) => adapterOf(row)?.prompt),
          all: ours((row) => adapterOf(row)?.all),
          peftBase: () => peft.ask<ServedBatch>('base'),
          peftMixed: () => peft.ask<ServedBatch>('mixed'),
        },
        rounds,
      ),
    );
  } finally {
    await peft.close();
  }
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
    Array.from({ length: ADAPTERS }, async (_, index) => {
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
  return {
    modelFolder: model.folder,
    adapters: Object.fromEntries(adapters.map(({ name, folder }) => [name, folder])),
    prompts: Array.from({ length: ROWS }, () =>
      Array.from({ length: PROMPT }, () => random.below(model.dimensions.vocabSize)),
    ),
    adapterOf: adapters.flatMap(({ name }) => Array<string>(ROWS / ADAPTERS).fill(name)),
    answerTokens: ANSWER,
    threads: THREADS,
  };
}

type Case = 'base' | 'prompt' | 'all' | 'peftBase' | 'peftMixed';

/** Every round of each case; the first, which warms up, is left out. */
async function inTurns(
  cases: Readonly<Record<Case, () => Promise<ServedBatch>>>,
  rounds: number,
): Promise<Record<Case, ServedBatch[]>> {
  const found: Record<Case, ServedBatch[]> = { base: [], prompt: [], all: [], peftBase: [], peftMixed: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const name of Object.keys(found) as Case[]) {
      const batch = await cases[name]();
      if (round > 0) found[name].push(batch);
    }
  }
  return found;
}

function measurements(found: Readonly<Record<Case, readonly ServedBatch[]>>): Measurement[] {
  const rates = (name: Case): number[] => found[name].map(({ seconds }) => (ROWS * ANSWER) / seconds);
  const mixed = { what: 'transformers, peft: adapter_names', values: rates('peftMixed') };
  const plain = { what: 'transformers, peft: none', values: rates('peftBase') };
  const requests = `${ROWS} requests`;
  return [
    compared(`${requests}, ${ADAPTERS} adapters on prompts`, rates('prompt'), 'tokens/s', mixed),
    compared(`${requests}, ${ADAPTERS} conventional adapters`, rates('all'), 'tokens/s', mixed),
    compared(`${requests}, no adapters`, rates('base'), 'tokens/s', plain),
    agreement('no adapters', found.base, found.peftBase),
    agreement('conventional adapters', found.all, found.peftMixed),
  ];
}

/** How many answers are the same, token by token. */
function agreement(
  what: string,
  [ours]: readonly ServedBatch[],
  [theirs]: readonly ServedBatch[],
): Measurement {
  const same = ours?.tokens.filter((tokens, row) => String(tokens) === String(theirs?.tokens[row])) ?? [];
  return measurement(`equal answers, ${what}`, same.length, 'rows', { what: 'all', value: ROWS });
}
