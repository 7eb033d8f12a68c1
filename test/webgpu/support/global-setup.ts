import { env } from 'node:process';
import { findAdapter } from './adapters.js';

/** Before the tests' processes start, which take over the environment: what WebGPU needs to find an adapter. */
export function setup(): void {
  const current = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const adapter = findAdapter(Object.fromEntries(current));
  Object.assign(env, adapter.variables);
  console.log(`WebGPU runs on ${adapter.name}`);
}
