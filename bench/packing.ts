import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import { fit, TrainingPack, type TrainerCompute } from '@prad/training';
import { withSmolLM2 } from './smollm2.js';
import { measurement, median, type Measurement } from './report.js';

const JOBS = 8;
const BATCH = 4;
const STEPS = 6;
const ROUNDS = 3;

/** Lengths in tokens, of prompts and of whole examples: a label behind a sentence, and a text behind a record. */
const tasks = [
  { name: 'sst2-like, 24 tokens', length: 24, prompt: 22 },
  { name: 'e2e-like, 64 tokens', length: 64, prompt: 40 },
];

/** Eight trainings of batch 4, one after another and in one pack, opening of the graphs included. */
export function benchPacking(): Promise<Measurement[]> {
  return withSmolLM2(packing);
}

async function packing(model: BaseModel): Promise<Measurement[]> {
  const results: Measurement[] = [];
  for (const task of tasks) {
    const [alone, together]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await seconds(() => oneAfterAnother(model, task)));
      together.push(await seconds(() => inOnePack(model, task)));
    }
    results.push(
      measurement(`${JOBS} jobs of batch ${BATCH} in a pack, ${task.name}`, median(together), 's', {
        what: 'one after another',
        value: median(alone),
      }),
    );
  }
  return results;
}

async function oneAfterAnother(model: BaseModel, task: (typeof tasks)[number]): Promise<void> {
  for (let job = 0; job < JOBS; job++) await trainOne(model, task, job);
}

async function inOnePack(model: BaseModel, task: (typeof tasks)[number]): Promise<void> {
  const pack = new TrainingPack(JOBS);
  await Promise.all(Array.from({ length: JOBS }, (_, job) => trainOne(model, task, job, pack.seat(job))));
}

async function trainOne(
  model: BaseModel,
  { length, prompt }: (typeof tasks)[number],
  seed: number,
  compute?: TrainerCompute,
): Promise<void> {
  const workFolder = await mkdtemp(join(tmpdir(), 'prad-pack-'));
  const random = randomStream(seed);
  const examples = Array.from({ length: BATCH * STEPS }, () => ({
    tokens: Array.from({ length }, () => random.below(model.dimensions.vocabSize)),
    promptLength: prompt,
  }));
  const hyperparameters = {
    ...{ epochs: 1, maxSteps: STEPS, batchSize: BATCH, learningRate: 1e-3, warmupRatio: 0, weightDecay: 0 },
    ...{ maxGradNorm: 1, maxLength: length, evaluationSteps: 0 },
  };
  const plan = {
    trainable: {
      ...{ kind: 'adapter' as const, method: 'lora', scope: 'prompt' },
      options: { rank: 8, targets: ['k_proj', 'v_proj'] },
    },
    ...{ seed, workFolder, intraOpThreads: 2, hyperparameters },
  };
  try {
    const never = new AbortController().signal;
    const events = fit({ plan, model, examples, validation: [], compute }, never);
    while (!(await events.next()).done);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
