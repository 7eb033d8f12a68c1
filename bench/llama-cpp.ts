import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { importBaseModel, openBaseModel } from '@prad/models';
import type { BenchOptions } from './bench-options.js';
import { DECODE, PREFILL, SERVED, type DecodingTask } from './peers/decoding-task.js';
import { Side } from './peers/side.js';
import { compared, measurement, median, type Measurement } from './report.js';
import { SMOLLM2 } from './smollm2.js';

const THREADS = 2;
const ROUNDS = 7;
const ROWS = [1, 8, 16];

/** A command of a side, how its seconds become a rate, and what it says of them. */
interface Taken {
  /** Its name, and its argument behind a space. */
  readonly command: string;
  readonly what: string;
  readonly tokens: number;
}

const withoutAdapters: readonly Taken[] = [
  ...ROWS.map((rows) => ({ command: `decode ${rows}`, what: `decode, batch ${rows}`, tokens: rows })),
  {
    command: 'prefill',
    what: `prefill, ${PREFILL.rows} x ${PREFILL.tokens} tokens`,
    tokens: PREFILL.rows * PREFILL.tokens,
  },
  {
    command: 'served',
    what: `${SERVED.requests} requests`,
    tokens: SERVED.requests * SERVED.answer,
  },
];

/** Theirs loads none, so memory is compared before ours does. */
const withAdapters: readonly Taken[] = [
  {
    command: 'adapters',
    what: `${SERVED.requests} requests, ${SERVED.requests} adapters`,
    tokens: SERVED.requests * SERVED.answer,
  },
];

/** A process of ours. */
interface Own {
  readonly script: string;
  /** DECODE_WEIGHTS and PREFILL_WEIGHTS: what decodes, and what reads prompts. */
  readonly weights: readonly ['q4' | 'w8a8', 'f32' | 'decode'];
  readonly name: string;
  readonly environment: readonly string[];
  /** What it is asked. */
  readonly commands: readonly string[];
}

/** As docs/operations.md has it where memory is short. */
const littleMemory = [
  'GLIBC_TUNABLES=glibc.malloc.mmap_threshold=2097152',
  'NODE_OPTIONS=--max-semi-space-size=2',
];

/** The engine by its weights, and all of the system over REST. */
const own: readonly Own[] = [
  {
    ...{ script: 'engine', weights: ['q4', 'f32'], name: 'engine, q4, float32 prefill', environment: [] },
    commands: ['decode', 'prefill', 'served', 'adapters', 'resident'],
  },
  {
    ...{ script: 'engine', weights: ['q4', 'decode'], name: 'engine, q4 prefill', environment: littleMemory },
    commands: ['prefill', 'served', 'adapters', 'resident'],
  },
  {
    ...{ script: 'engine', weights: ['w8a8', 'decode'], name: 'engine, w8a8', environment: [] },
    commands: ['decode', 'prefill', 'served', 'adapters', 'resident'],
  },
  {
    ...{ script: 'api', weights: ['q4', 'f32'], name: 'REST, q4, float32 prefill', environment: [] },
    commands: ['served', 'adapters'],
  },
  {
    ...{ script: 'api', weights: ['w8a8', 'decode'], name: 'REST, w8a8', environment: [] },
    commands: ['served', 'adapters'],
  },
];

/** One of them, running. */
interface OwnSide extends Own {
  readonly side: Side;
}

function asked(ours: readonly OwnSide[], command: string): readonly OwnSide[] {
  return ours.filter(({ commands }) => commands.includes(command.split(' ')[0] ?? ''));
}

/**
 * Our engine with 4-bit decode weights, prompts read with float32 ones or with the same, and with w8a8 throughout, and our
 * API over REST, beside llama.cpp on the same GGUF file, each in a process of its own and in turns; llama.cpp with one and with two threads, of
 * which each line takes the better.
 */
export async function benchLlamaCpp({ rounds = ROUNDS }: BenchOptions): Promise<Measurement[]> {
  const llamaCpp = await installed();
  if (llamaCpp === undefined) return [];
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-llama-cpp-'));
  const sides: Side[] = [];
  try {
    const file = await writeTask(folder, llamaCpp);
    const open = (script: string, settings: readonly string[], environment: readonly string[] = []): Side => {
      const path = fileURLToPath(new URL(`./peers/${script}.js`, import.meta.url));
      const side = new Side('env', [...environment, process.execPath, path, file, ...settings]);
      sides.push(side);
      return side;
    };
    const ours = own.map((one) => ({ ...one, side: open(one.script, one.weights, one.environment) }));
    const theirs = [open('llama-cpp', ['1']), open('llama-cpp', [String(THREADS)])];
    // Who still loads would take the cores of who is measured.
    for (const side of sides) await side.ask('ready');
    return [
      ...(await inTurns(withoutAdapters, ours, theirs, rounds)),
      ...(await memory(ours, theirs)),
      ...(await inTurns(withAdapters, ours, theirs, rounds)),
    ];
  } finally {
    await Promise.all(sides.map((side) => side.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function installed(): Promise<string | undefined> {
  try {
    await stat(SMOLLM2);
    const { stdout } = await promisify(execFile)('bench/peers/install-llama-cpp.sh');
    return stdout.trim();
  } catch (error) {
    console.log(`measured without llama.cpp: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function writeTask(folder: string, llamaCpp: string): Promise<string> {
  const modelFolder = join(folder, 'model');
  await importBaseModel(SMOLLM2, modelFolder, { quantise: ['q4', 'w8a8'] });
  const { dimensions } = await openBaseModel(modelFolder, 'bench');
  const task: DecodingTask = {
    ...{ modelFolder, ggufFile: SMOLLM2, llamaCpp, threads: THREADS },
    vocabSize: dimensions.vocabSize,
  };
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(task));
  return file;
}

async function inTurns(
  taken: readonly Taken[],
  ours: readonly OwnSide[],
  theirs: readonly Side[],
  rounds: number,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { command, what, tokens } of taken) {
    const owners = asked(ours, command);
    const sides = [...owners.map(({ side }) => side), ...theirs];
    const rates = sides.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [place, side] of sides.entries()) {
        const seconds = await side.ask<number>(command);
        // The first round warms up.
        if (round > 0) rates[place]?.push(tokens / seconds);
      }
    }
    const better = rates.slice(owners.length).map((values, place) => ({ values, threads: place + 1 }));
    better.sort((a, b) => median(b.values) - median(a.values));
    const [best] = better;
    const against = { what: `llama.cpp, ${best?.threads ?? 0} threads`, values: best?.values ?? [] };
    for (const [place, { name }] of owners.entries()) {
      measurements.push(compared(`${what}; ${name}`, rates[place] ?? [], 'tokens/s', against));
    }
  }
  return measurements;
}

async function memory(ours: readonly OwnSide[], theirs: readonly Side[]): Promise<Measurement[]> {
  const megabytes = async (side: Side): Promise<number> => (await side.ask<number>('resident')) / 1e6;
  const others = await Promise.all(theirs.map(megabytes));
  const against = { what: 'llama.cpp', value: Math.min(...others) };
  return Promise.all(
    asked(ours, 'resident').map(async ({ side, name }) =>
      measurement(`resident memory, ${DECODE.slots} slots; ${name}`, await megabytes(side), 'MB', against),
    ),
  );
}
