import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors } from '@prad/formats';
import { openBaseModel, type BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import {
  fit,
  trainedTensors,
  TrainingPack,
  type Examples,
  type Hyperparameters,
  type TrainerCompute,
  type TrainingEvent,
  type TrainingPlan,
} from '@prad/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallBaseModel } from './support/small-base.js';

type Plan = Omit<TrainingPlan, 'modelFolder' | 'modelName' | 'trainingFile' | 'validationFile'>;

interface Job {
  readonly method: string;
  readonly options: unknown;
  readonly scope?: string;
  readonly hyperparameters?: Partial<Hyperparameters>;
  /** Longest example in tokens. */
  readonly longest?: number;
  /** In place of random ones. */
  readonly rows?: Examples;
}

interface Trained {
  readonly losses: number[];
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

let model: BaseModel;
const folders: string[] = [];
const never = () => new AbortController().signal;

const PROMPT = 4;

/** Examples of a task of its own, the longest of so many tokens, with tokens of the adapter's own in prompts. */
function rows(count: number, seed: number, longest: number, own: number): Examples {
  const random = randomStream(seed);
  const { vocabSize } = model.dimensions;
  return Array.from({ length: count }, () => ({
    tokens: Array.from({ length: 6 + random.below(longest - 6) }, (_, t) =>
      random.below(t < PROMPT ? vocabSize + own : vocabSize),
    ),
    promptLength: PROMPT,
  }));
}

beforeAll(async () => {
  model = await openBaseModel(await smallBaseModel(), 'small');
});

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function planOf(
  { method, options, scope = 'prompt', hyperparameters }: Job,
  seed: number,
): Promise<Plan> {
  const workFolder = await mkdtemp(join(tmpdir(), 'prad-pack-'));
  folders.push(workFolder);
  return {
    trainable: { kind: 'adapter', method, options, scope },
    ...{ seed, workFolder, intraOpThreads: 2 },
    hyperparameters: {
      ...{ epochs: 1, maxSteps: 8, batchSize: 4, learningRate: 0.01, warmupRatio: 0.1, weightDecay: 0.01 },
      ...{ maxGradNorm: 1, maxLength: 64, evaluationSteps: 3 },
      ...hyperparameters,
    },
  };
}

async function train(
  job: Job,
  seed: number,
  compute?: TrainerCompute,
  { signal = never(), onEvent }: { signal?: AbortSignal; onEvent?: (event: TrainingEvent) => void } = {},
): Promise<Trained> {
  const { longest = 24 } = job;
  const plan = await planOf(job, seed);
  const { parameters = [] } = trainedTensors(model, plan.trainable).adapter?.virtualTokens ?? {};
  const own = parameters.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const [examples, validation] = [rows(22, seed, longest, own), rows(5, seed + 100, longest, own)];
  const run = { plan, model, compute, examples: job.rows ?? examples, validation };
  const losses: number[] = [];
  let path = '';
  for await (const event of fit(run, signal)) {
    onEvent?.(event);
    if (event.type === 'step' || event.type === 'evaluation') losses.push(event.loss);
    if (event.type === 'finished') path = event.path;
  }
  return { losses, tensors: await tensorsOf(path) };
}

async function tensorsOf(path: string): Promise<ReadonlyMap<string, Float32Array>> {
  const file = await openSafetensors(path);
  try {
    const names = [...file.tensors.keys()];
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, (await file.read(name)).data as Float32Array] as const),
      ),
    );
  } finally {
    await file.close();
  }
}

/** All of them in one pack, each with its index as its seed. */
function packed(jobs: readonly Job[]): Promise<Trained[]> {
  const pack = new TrainingPack(jobs.length);
  return Promise.all(jobs.map((job, index) => train(job, index, pack.seat(index))));
}

function expectEqual(actual: Trained, expected: Trained): void {
  expect(actual.losses.length).toBe(expected.losses.length);
  actual.losses.forEach((loss, index) => {
    expect(Math.abs(loss - expected.losses[index]!)).toBeLessThan(1e-4);
  });
  expect([...actual.tensors.keys()]).toEqual([...expected.tensors.keys()]);
  let largest = 0;
  for (const [name, values] of expected.tensors)
    values.forEach((value, index) => {
      largest = Math.max(largest, Math.abs(value - actual.tensors.get(name)![index]!));
    });
  expect(largest).toBeLessThan(1e-4);
}

const methods: Readonly<Record<string, readonly Job[]>> = {
  'adapter with dropout, of two scopes': [
    { method: 'adapter', options: { rank: 4, dropout: 0.2 } },
    { method: 'adapter', options: { rank: 4, dropout: 0.2 }, scope: 'all' },
    { method: 'adapter', options: { rank: 4, dropout: 0.2 } },
  ],
  'adapter with all that it can have': twice({
    method: 'adapter',
    options: { rank: 7, site: 'both', form: 'sequential', layer_norm: 'in', scale: 'learnable' },
  }),
  'lora with dropout, of other lengths': [
    { method: 'lora', options: { rank: 2, dropout: 0.3 }, longest: 40 },
    { method: 'lora', options: { rank: 2, dropout: 0.3 }, longest: 12 },
    { method: 'lora', options: { rank: 2, dropout: 0.3 } },
  ],
  'lora of rank 1, at a down projection': twice({
    method: 'lora',
    options: { rank: 1, targets: ['k_proj', 'down_proj'], dropout: 0.2, dropout_at: 'output' },
  }),
  dora: twice({ method: 'dora', options: { rank: 2 } }),
  'dora with its norm detached': twice({ method: 'dora', options: { rank: 2, detach_norm: true } }),
  'ia3, with special tokens': twice({ method: 'ia3', options: { special_tokens: ['<a>', '<b>'] } }),
  prefix: twice({ method: 'prefix', options: { length: 3, dropout: 0.2 } }),
  'prefix through an MLP': twice({
    method: 'prefix',
    options: { length: 3, projection: true, projection_size: 8 },
  }),
  prompt: twice({ method: 'prompt', options: { length: 3 } }),
  mam: twice({ method: 'mam', options: {} }),
};

function twice(job: Job): readonly Job[] {
  return [job, job];
}

describe('a training in a pack equals the same training alone', () => {
  it.each(Object.entries(methods))('%s', async (_, jobs) => {
    const together = await packed(jobs);
    for (const [index, job] of jobs.entries()) expectEqual(together[index]!, await train(job, index));
  });

  it('whatever the steps, batches, passes and smoothing of the members', async () => {
    const lora = { method: 'lora', options: { rank: 2, dropout: 0.3 } };
    const labelSmoothing = 0.1;
    const jobs: Job[] = [
      { ...lora, hyperparameters: { maxSteps: 3, batchSize: 2, labelSmoothing } },
      { ...lora, hyperparameters: { batchSize: 6, gradientAccumulationSteps: 2, labelSmoothing } },
      {
        ...lora,
        hyperparameters: {
          ...{ maxSteps: undefined, epochs: 2, batchSize: 64, maxTokensPerBatch: 60, labelSmoothing },
          ...{ evaluationSteps: undefined, maxGradNorm: 0.1, schedulerType: 'cosine' },
        },
      },
    ];
    const together = await packed(jobs);
    for (const [index, job] of jobs.entries()) expectEqual(together[index]!, await train(job, index));
  });
});

describe('the members of a pack', () => {
  const job: Job = { method: 'lora', options: { rank: 2 } };

  it('go on when one is cancelled, and when one never comes', async () => {
    const pack = new TrainingPack(4);
    const controller = new AbortController();
    const cancelled = train(job, 0, pack.seat(0), {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'step') controller.abort();
      },
    });
    const others = [1, 2].map((seed) => train(job, seed, pack.seat(seed)));
    await pack.leave(3);
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
    for (const [index, other] of (await Promise.all(others)).entries())
      expectEqual(other, await train(job, index + 1));
    expect(pack.isEmpty).toBe(true);
  });

  it('are not harmed by one that diverges', async () => {
    const pack = new TrainingPack(2);
    const wild = { ...job, hyperparameters: { learningRate: 1e30, warmupRatio: 0, maxGradNorm: 1e30 } };
    const [diverged, calm] = await Promise.allSettled([
      train(wild, 0, pack.seat(0)),
      train(job, 1, pack.seat(1)),
    ]);
    expect(diverged).toMatchObject({ status: 'rejected', reason: { code: 'training_diverged' } });
    if (calm.status === 'rejected') throw calm.reason;
    expectEqual(calm.value, await train(job, 1));
  });

  it('are of one kind: another is refused, and the rest goes on', async () => {
    const pack = new TrainingPack(2);
    const ends = await Promise.allSettled([
      train(job, 0, pack.seat(0)),
      train({ ...job, method: 'ia3', options: {} }, 1, pack.seat(1)),
    ]);
    // The kind is that of the first to arrive.
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = ends.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { code: 'pack_misfit' } });
  });

  it('all hear of a pass that fails', async () => {
    const pack = new TrainingPack(2);
    const broken = { tokens: [1, 2, 3, 4, 5, 1_000_000], promptLength: 4 };
    const ends = await Promise.allSettled([
      train(job, 0, pack.seat(0)),
      train({ ...job, rows: [broken] }, 1, pack.seat(1)),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
