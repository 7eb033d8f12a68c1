import { createHash } from 'node:crypto';
import type { Examples } from './examples.js';
import type { TrainingRun } from './fit.js';

/** Raised when the same plan comes to train otherwise, so that a state of before is not taken up. */
const REVISION = 1;

/**
 * Names what makes a run what it is: plan, tokens and base. Where files lie does not count, nor do threads, device and
 * the passes of a step: to go on so is the same run, although its last bits may differ then.
 */
export function runDigest({ plan, model, examples, validation }: TrainingRun): string {
  const { trainable, seed, dataSeed, dropoutSeed } = plan;
  const hyperparameters = { ...plan.hyperparameters, gradientAccumulationSteps: undefined };
  const hash = createHash('sha256');
  const settings = sorted({ trainable, hyperparameters, seed, dataSeed, dropoutSeed });
  hash.update(JSON.stringify([REVISION, model.digest, settings]));
  for (const data of [examples, validation]) addExamples(hash, data);
  return hash.digest('hex');
}

function addExamples(hash: ReturnType<typeof createHash>, examples: Examples): void {
  for (let index = 0; index < examples.length; index++) {
    const { tokens, promptLength } = examples.at(index) ?? { tokens: [], promptLength: 0 };
    hash.update(Int32Array.of(promptLength, tokens.length));
    hash.update(Int32Array.from(tokens));
  }
}

/** With keys in one order, whoever wrote them. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
