import { parseArgs } from 'node:util';
import { checkDevice, type Device } from '@prad/runtime';
import type { BenchOptions } from './bench-options.js';
import { benchDevice } from './device.js';
import { report, type Measurement } from './report.js';
import { benchGeneration } from './generation.js';
import { benchLlamaCpp } from './llama-cpp.js';
import { benchJobs } from './jobs/bench-jobs.js';
import { benchLoad } from './load/bench-load.js';
import { benchPacking } from './packing.js';
import { benchPeft } from './peft.js';
import { benchServing } from './serving.js';
import { benchTraining } from './training.js';

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<Measurement[]>>> = {
  training: benchTraining,
  packing: benchPacking,
  generation: benchGeneration,
  serving: benchServing,
  peft: benchPeft,
  'llama-cpp': benchLlamaCpp,
  jobs: benchJobs,
  load: benchLoad,
  device: benchDevice,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ json: { type: 'string' }, rounds: { type: 'string' } },
    ...{ minutes: { type: 'string' }, model: { type: 'string' }, device: { type: 'string' } },
  },
});
const options = {
  ...{ rounds: numberOf('rounds'), minutes: numberOf('minutes') },
  ...{ model: values.model, device: deviceOf(values.device) },
};
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`unknown bench ${unknown.join(', ')}; known are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
if (options.device) await checkDevice(options.device);
const chosen = positionals.length > 0 ? positionals : Object.keys(benches);
const results: Measurement[] = [];
for (const name of chosen) results.push(...((await benches[name]?.(options)) ?? []));
await report(results, values.json);

function numberOf(name: 'rounds' | 'minutes'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  console.error(`--${name} takes a number above 0, got ${text}`);
  process.exit(2);
}

function deviceOf(text: string | undefined): Device | undefined {
  if (text === undefined || text === 'cpu' || text === 'cuda' || text === 'webgpu') return text;
  console.error(`--device takes cpu, cuda or webgpu, got ${text}`);
  process.exit(2);
}
