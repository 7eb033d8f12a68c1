import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBaseModel, type BaseModel } from '@prad/models';
import { randomStream } from '@prad/nn';
import {
  fit,
  type Examples,
  type Hyperparameters,
  type TrainingEvent,
  type TrainingPlan,
} from '@prad/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose } from './nn/reference.js';
import { smallBaseModel } from './support/small-base.js';

type Plan = Omit<TrainingPlan, 'modelFolder' | 'modelName' | 'trainingFile' | 'validationFile'>;

let model: BaseModel;
let examples: Examples;
let validation: Examples;
const folders: string[] = [];

beforeAll(async () => {
  model = await openBaseModel(await smallBaseModel(), 'small');
  const random = randomStream(5);
  const rows = (count: number) =>
    Array.from({ length: count }, () => ({
      tokens: Array.from({ length: 6 + random.below(20) }, () => random.below(model.dimensions.vocabSize)),
      promptLength: 4,
    }));
  examples = rows(40);
  validation = rows(12);
});

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function planOf(changes: Partial<Hyperparameters> = {}, others: Partial<Plan> = {}): Promise<Plan> {
  const workFolder = await mkdtemp(join(tmpdir(), 'prad-resume-'));
  folders.push(workFolder);
  return {
    trainable: { kind: 'adapter', method: 'lora', options: { rank: 2, dropout: 0.3 }, scope: 'prompt' },
    seed: 7,
    ...{ workFolder, intraOpThreads: 2 },
    ...others,
    hyperparameters: {
      ...{ epochs: 1, maxSteps: 14, batchSize: 4, learningRate: 0.02, warmupRatio: 0.1, weightDecay: 0.01 },
      ...{ maxGradNorm: 1, maxLength: 64, evaluationSteps: 3 },
      ...changes,
    },
  };
}

interface Ended {
  readonly events: readonly TrainingEvent[];
  readonly error: unknown;
}

/** Runs until the end, or until `stop` says so of an event or, named by a step, of a validation that has begun. */
async function run(plan: Plan, stop: (event: TrainingEvent) => boolean = () => false): Promise<Ended> {
  const controller = new AbortController();
  const events: TrainingEvent[] = [];
  try {
    for await (const event of fit({ plan, model, examples, validation }, controller.signal)) {
      events.push(event);
      if (stop(event)) controller.abort();
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

const last = (events: readonly TrainingEvent[]) => events.at(-1)!;
const lossesOf = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
const evaluationsOf = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.type === 'evaluation' ? [`${event.step}: ${event.loss}`] : []));

async function resultOf(events: readonly TrainingEvent[]): Promise<Buffer> {
  const end = last(events);
  if (end.type !== 'finished') throw new Error(`the run ended with ${end.type}`);
  return readFile(end.path);
}

/** Interrupts after each of the steps, and goes on in a fresh run each time. */
async function interrupted(
  plan: Plan,
  steps: readonly number[],
  how: 'step' | 'evaluation',
): Promise<TrainingEvent[]> {
  const all: TrainingEvent[] = [];
  let resumeFrom: string | undefined;
  for (const stop of [...steps, undefined]) {
    const part = await planOf({}, { ...plan, resumeFrom, workFolder: (await planOf()).workFolder });
    const { events, error } = await run(
      { ...part, hyperparameters: plan.hyperparameters },
      (event) =>
        // The loop validates once this step has been told.
        event.type === 'step' && event.step === stop,
    );
    all.push(...events);
    if (stop === undefined) return all;
    expect(error).toMatchObject({ kind: 'cancelled' });
    const state = last(events);
    if (state.type !== 'state') throw new Error(`the run ended with ${state.type}`);
    expect(state.step).toBe(stop);
    expect(events.some((event) => event.type === 'evaluation' && event.step === stop)).toBe(
      how === 'step' && stop % 3 === 0,
    );
    resumeFrom = state.path;
  }
  return all;
}

describe('a run that is interrupted and resumed ends in the same bytes', () => {
  it.each<[string, Partial<Plan>, Partial<Hyperparameters>]>([
    ['lora with dropout', {}, {}],
    [
      'by epochs, with a budget of tokens and accumulation',
      {},
      {
        ...{ maxSteps: undefined, epochs: 3, batchSize: 64, maxTokensPerBatch: 60 },
        ...{ gradientAccumulationSteps: 3, evaluationSteps: undefined },
      },
    ],
    [
      'soft tokens, cosine, smoothed',
      { trainable: { kind: 'adapter', method: 'prompt', options: { length: 3 }, scope: 'prompt' } },
      {
        ...{ schedulerType: 'cosine', labelSmoothing: 0.1, saveSteps: 5 },
      },
    ],
    ['all weights', { trainable: { kind: 'full' } }, {}],
  ])('%s', async (_, others, changes) => {
    const plan = await planOf(changes, others);
    const whole = await run(plan);
    // 3 falls on a validation, which is interrupted and done after the resumption.
    const parts = await interrupted(plan, [1, 3, 4, 11], 'evaluation');
    expect(lossesOf(parts)).toEqual(lossesOf(whole.events));
    expect(evaluationsOf(parts)).toEqual(evaluationsOf(whole.events));
    expect(await resultOf(parts)).toEqual(await resultOf(whole.events));
    const end = last(whole.events);
    expect(last(parts)).toEqual({ ...end, path: expect.any(String) as string });
  });

  it('also from a state that was told in between, after a kill', async () => {
    const plan = await planOf({}, { stateEveryMs: 0 });
    const whole = await run(plan);
    const states = whole.events.filter((event) => event.type === 'state');
    expect(states.length).toBeGreaterThan(2);
    for (const { step, path } of states) {
      const { workFolder } = await planOf();
      const { events } = await run({ ...plan, workFolder, resumeFrom: path });
      expect(events[0]).toMatchObject({ type: 'started', resumedStep: step });
      expect(await resultOf(events)).toEqual(await resultOf(whole.events));
    }
  });

  it('refuses the state of another run, and a broken one', async () => {
    const plan = await planOf();
    const { events } = await run(plan, (event) => event.type === 'step' && event.step === 2);
    const state = last(events) as Extract<TrainingEvent, { type: 'state' }>;
    const other = await planOf({}, { seed: 8, resumeFrom: state.path });
    expect((await run(other)).error).toMatchObject({ kind: 'conflict', code: 'training_state_mismatch' });
    const again = await planOf({}, { resumeFrom: state.path });
    await truncate(state.path, 2_000);
    const unusable = { kind: 'conflict', code: 'training_state_unusable' };
    expect((await run(again)).error).toMatchObject(unusable);
    await writeFile(state.path, '');
    expect((await run(again)).error).toMatchObject(unusable);
  });
});

describe('gradient accumulation', () => {
  const trainable = { kind: 'adapter' as const, method: 'adapter', options: { rank: 4 }, scope: 'prompt' };

  it('gives what one pass gives', async () => {
    const losses = await Promise.all(
      [1, 4].map(async (gradientAccumulationSteps) => {
        const plan = await planOf({ gradientAccumulationSteps, batchSize: 8 }, { trainable });
        const { events } = await run(plan);
        return events.flatMap((event) => (event.type === 'step' ? [event.loss, event.gradientNorm] : []));
      }),
    );
    expect(losses[0]).toHaveLength(28);
    expectClose(losses[1]!, losses[0]!, 1e-5, 'losses and gradient norms');
  });
});

describe('early stopping', () => {
  it('ends after so many validations without a better loss, and keeps the best', async () => {
    const plan = await planOf({
      ...{ maxSteps: 400, evaluationSteps: 2, learningRate: 0.5, earlyStoppingPatience: 2 },
    });
    const { events } = await run(plan);
    const losses = events.flatMap((event) => (event.type === 'evaluation' && event.step > 0 ? [event] : []));
    const best = losses.reduce((a, b) => (b.loss < a.loss ? b : a));
    const end = last(events);
    expect(end).toMatchObject({ type: 'finished', stoppedEarly: true, bestStep: best.step });
    expect(losses.at(-1)!.step).toBe(best.step + 4);
  });

  it('does not count a gain below the threshold', async () => {
    const plan = await planOf({
      ...{ maxSteps: 40, evaluationSteps: 2, learningRate: 1e-6, earlyStoppingPatience: 3 },
      earlyStoppingThreshold: 0.5,
    });
    expect(last((await run(plan)).events)).toMatchObject({ steps: 8, stoppedEarly: true });
  });
});

it('tells of padding, and of the share of the MatMul rate', async () => {
  const { events } = await run(await planOf({ groupByLength: false }));
  for (const event of events) {
    if (event.type !== 'step') continue;
    expect(event.paddingWaste).toBeGreaterThanOrEqual(0);
    expect(event.paddingWaste).toBeLessThan(0.75);
    expect(event.mfu).toBeGreaterThan(0);
    expect(event.mfu).toBeLessThan(1.5);
  }
});
