import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Cluster } from './cluster.js';

/** Brings something about while the job trains; resolves when all that it stopped runs again. */
export type Fault = (jobId: string) => Promise<void>;

/** A state after every step, so that faults fall into writing them, too. */
export const workerEnvironment = { TRAINING_STATE_MS: '0' };

/** What befalls the one worker of a cluster. `below` draws a whole number of milliseconds. */
export function workerFaults(
  cluster: Cluster,
  below: (milliseconds: number) => number,
): Readonly<Record<string, Fault>> {
  const worker = () => cluster.workers.at(-1)!;
  const next = () => cluster.startWorker(workerEnvironment);
  const killed = async () => {
    worker().kill();
    await next();
  };
  const stopped = async () => {
    await worker().stop(25_000);
    expect(worker().fate).toBe('exit code 0');
    await next();
  };
  const killedAtBlob = async (name: string) => {
    await blobUnder(join(cluster.dataFolder, 'blobs', name), () => {
      worker().kill();
    });
    await next();
  };
  return {
    'SIGKILL in a step': killed,
    'SIGTERM in a step': stopped,
    'SIGKILL as a checkpoint is stored': () => killedAtBlob('checkpoints'),
    'SIGKILL as a state is stored': () => killedAtBlob('training-states'),
    'SIGTERM, then SIGKILL of the next': async () => {
      await stopped();
      await sleep(below(500));
      await killed();
    },
  };
}

/** Acts the moment that a blob was put under the folder, which is before the row that names it. */
async function blobUnder(folder: string, act: () => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void) => {
      watcher.close();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(() => {
      done(() => {
        reject(new Error(`nothing was put under ${folder}`));
      });
    }, 30_000);
    const watcher = watch(folder, { recursive: true }, () => {
      act();
      done(resolve);
    });
  });
}
