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
  readonly command: string;
  readonly what: string;
  readonly tokens: number;
}

const taken: readonly Taken[] = [
  ...ROWS.map((rows) => ({ command: `decode ${rows}`, what: `decode, batch ${rows}`, tokens: rows })),
  {
    command: 'prefill',
    what: `prefill, ${PREFILL.rows} x ${PREFILL.tokens} tokens`,
    tokens: PREFILL.rows * PREFILL.tokens,
  },
  {
    command: 'served',
    what: `${SERVED.requests} requests through the API`,
    tokens: SERVED.requests * SERVED.answer,
  },
  {
    command: 'adapters',
    what: `${SERVED.requests} requests, ${SERVED.requests} adapters`,
    tokens: SERVED.requests * SERVED.answer,
  },
];

/**
 * Our engine with 4-bit decode weights (prompts are read with float32 ones) beside llama.cpp on the same GGUF file, each in a
 * process of its own and in turns; llama.cpp with one and with two threads, of which each line takes the better.
 */
export async function benchLlamaCpp({ rounds = ROUNDS }: BenchOptions): Promise<Measurement[]> {
  const llamaCpp = await installed();
  if (llamaCpp === undefined) return [];
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-llama-cpp-'));
  const sides: Side[] = [];
  try {
    const file = await writeTask(folder, llamaCpp);
    const open = (script: string, ...args: string[]): Side => {
      const path = fileURLToPath(new URL(`./peers/${script}.js`, import.meta.url));
      const side = new Side(process.execPath, [path, file, ...args]);
      sides.push(side);
      return side;
    };
    const ours = open('engine');
    const theirs = [open('llama-cpp', '1'), open('llama-cpp', String(THREADS))];
    return await inTurns(ours, theirs, rounds);
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
  await importBaseModel(SMOLLM2, modelFolder, { quantise: [4] });
  const { dimensions } = await openBaseModel(modelFolder, 'bench');
  const task: DecodingTask = {
    ...{ modelFolder, ggufFile: SMOLLM2, llamaCpp, threads: THREADS },
    vocabSize: dimensions.vocabSize,
  };
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(task));
  return file;
}

async function inTurns(ours: Side, theirs: readonly Side[], rounds: number): Promise<Measurement[]> {
  const sides = [ours, ...theirs];
  const measurements: Measurement[] = [];
  for (const { command, what, tokens } of taken) {
    const rates = sides.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [place, side] of sides.entries()) {
        const seconds = await side.ask<number>(command);
        // The first round warms up.
        if (round > 0) rates[place]?.push(tokens / seconds);
      }
    }
    const [own = [], ...others] = rates;
    const better = others.map((values, place) => ({ values, threads: place + 1 }));
    better.sort((a, b) => median(b.values) - median(a.values));
    const [best] = better;
    const against = { what: `llama.cpp, ${best?.threads ?? 0} threads`, values: best?.values ?? [] };
    measurements.push(compared(what, own, 'tokens/s', against));
  }
  return [...measurements, await memory(ours, theirs)];
}

async function memory(ours: Side, theirs: readonly Side[]): Promise<Measurement> {
  const megabytes = async (side: Side): Promise<number> => (await side.ask<number>('resident')) / 1e6;
  const others = await Promise.all(theirs.map(megabytes));
  const against = { what: 'llama.cpp', value: Math.min(...others) };
  return measurement(`resident memory, ${DECODE.slots} slots`, await megabytes(ours), 'MB', against);
}
