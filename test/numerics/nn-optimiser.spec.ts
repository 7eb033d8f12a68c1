import { encodeOnnx, gradients, Graph } from '@prad/graph';
import {
  adamW,
  adamWDefaults,
  answerCrossEntropy,
  clipByGlobalNorm,
  fedTensors,
  fedWeights,
  fullPass,
  learningRateAt,
  schedulerTypes,
  trainableAdapter,
  type ScheduleOptions,
  type SchedulerType,
} from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { answerRowsOf } from './nn/architecture-contract.js';
import { batchOf, feedsOf, type Batch } from './nn/full-run.js';
import {
  expectClose,
  floats,
  named,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  tinyModel,
  type Tensors,
  type TinyModel,
  type TrainedAdapter,
} from './nn/reference.js';

interface Variant {
  readonly weight_decay: number;
  readonly clip_norm: number;
  readonly loss: readonly number[];
  readonly gradient_norm: readonly number[];
  readonly learning_rate: readonly number[];
}

/** Written by test/reference/optimiser.py. */
interface OptimiserReference {
  readonly cases: readonly {
    readonly warmup_steps: number;
    readonly total_steps: number;
    readonly learning_rate: number;
    readonly rates: Readonly<Record<SchedulerType, readonly number[]>>;
  }[];
  readonly label_smoothing: readonly {
    readonly smoothing: number;
    readonly logits: readonly (readonly number[])[];
    readonly labels: readonly number[];
    readonly loss: number;
    readonly gradient: readonly (readonly number[])[];
  }[];
}

const float = (value: number): HostTensor => tensor('float32', [], Float32Array.of(value));

/** One whole training step as one graph: loss, gradients, clip, update. */
function stepGraph(
  tiny: TinyModel,
  batch: Batch,
  { adapter }: TrainedAdapter,
  count: number,
  settings: { readonly clipNorm: number; readonly weightDecay: number },
): Graph {
  const { graph, head, hidden } = fullPass(tiny.model, {
    batch: batch.size,
    tokens: batch.tokens,
    weights: (built) => fedWeights(built, tiny.model.parameters),
    adapt: (built, mask) =>
      trainableAdapter({
        ...{ adapter, mask, dimensions: tiny.model.dimensions },
        tensor: fedTensors(built, adapter.parameters),
      }),
  });
  const at = graph.root;
  const { loss } = answerCrossEntropy(at.at('loss'), {
    hidden,
    positions: graph.input('positions', 'int64', [count]),
    labels: graph.input('labels', 'int64', [count]),
    weights: graph.input('weights', 'float32', [count]),
    head,
  });
  const trained = adapter.parameters.map(({ name }) => graph.inputs.find((input) => input.name === name)!);
  const clipped = clipByGlobalNorm(at.at('clip'), gradients(loss, trained), settings.clipNorm);
  const step = graph.input('step', 'float32', []);
  const rate = graph.input('rate', 'float32', []);
  const { update } = adamW(at.at('adamw'), step, rate, {
    ...adamWDefaults,
    weightDecay: settings.weightDecay,
  });
  trained.forEach((parameter, i) => {
    const state = {
      parameter,
      gradient: clipped.gradients[i]!,
      mean: graph.input(`mean.${parameter.name}`, 'float32', parameter.shape),
      variance: graph.input(`variance.${parameter.name}`, 'float32', parameter.shape),
    };
    const next = update(at.at('adamw'), state);
    graph.output(`next.${parameter.name}`, next.parameter);
    graph.output(`next.mean.${parameter.name}`, next.mean);
    graph.output(`next.variance.${parameter.name}`, next.variance);
  });
  graph.output('loss', loss);
  graph.output('norm', clipped.norm);
  return graph;
}

function digest(tensors: Tensors): string {
  const hash = createHash('sha256');
  for (const [name, value] of tensors) hash.update(name).update(floats(value));
  return hash.digest('hex');
}

describe.each(['llama', 'gpt2'])('ten AdamW steps on %s', (folder) => {
  it.each(['decay-0', 'decay-0.1', 'clip-0.3'])(
    'prad-spec 7.11: follow PyTorch, the base stays: %s',
    async (name) => {
      const tiny = await tinyModel(folder);
      const before = digest(tiny.weights);
      const start = await referenceAdapter(tiny, 'adapter');
      const expected = (referenceJson(`${folder}/adamw.json`) as Record<string, Variant>)[name]!;
      const rows = answerRowsOf(await referenceTensors(`${folder}/adapter.prompt.safetensors`));
      const batch = batchOf(rows);
      const answers = rows.flatMap(({ ids, prompt }, b) =>
        ids.slice(prompt).map((label, i) => ({ position: b * batch.tokens + prompt! + i - 1, label })),
      );
      const longs = (values: readonly number[]): HostTensor =>
        tensor('int64', [values.length], BigInt64Array.from(values, BigInt));
      const schedule = { learningRate: 1e-2, warmupSteps: 2, totalSteps: 10 };
      const graph = stepGraph(tiny, batch, start, answers.length, {
        clipNorm: expected.clip_norm,
        weightDecay: expected.weight_decay,
      });
      const session = await Session.open(encodeOnnx(graph), { intraOpThreads: 1 });
      const fixed = {
        ...batch.feeds,
        ...Object.fromEntries(tiny.weights),
        positions: longs(answers.map(({ position }) => position)),
        labels: longs(answers.map(({ label }) => label)),
        weights: tensor('float32', [answers.length], new Float32Array(answers.length).fill(1)),
      };
      let state: Record<string, HostTensor> = Object.fromEntries(
        [...start.tensors].flatMap(([key, value]) => [
          [key, value],
          [`mean.${key}`, zeros('float32', value.shape)],
          [`variance.${key}`, zeros('float32', value.shape)],
        ]),
      );
      const curve = { loss: [] as number[], norm: [] as number[], rate: [] as number[] };
      for (let step = 0; step < 10; step++) {
        const rate = learningRateAt(step, schedule);
        const at = { step: float(step), rate: float(rate) };
        const out = await session.run(feedsOf(graph.inputs, fixed, state, at));
        for (const key of ['loss', 'norm'] as const) curve[key].push(floats(out[key])[0]!);
        curve.rate.push(rate);
        state = Object.fromEntries(Object.keys(state).map((key) => [key, out[`next.${key}`]!]));
      }
      await session.close();
      expectClose(curve.loss, expected.loss, 1e-5, 'loss');
      expectClose(curve.norm, expected.gradient_norm, 1e-4, 'gradient norm');
      expectClose(curve.rate, expected.learning_rate, 1e-6, 'learning rate');
      const final = await referenceTensors(`${folder}/adamw.${name}.safetensors`);
      for (const key of final.keys()) expectClose(floats(state[key]), floats(named(final, key)), 1e-3, key);
      expect(digest(tiny.weights)).toBe(before);
    },
  );
});

describe('learningRateAt', () => {
  const rates = (options: ScheduleOptions, steps: readonly number[]): number[] =>
    steps.map((step) => learningRateAt(step, options));

  it('prad-spec 7.25: the e2e/adapter configuration', () => {
    const options = { learningRate: 2e-3, warmupSteps: 3600, totalSteps: 60_000 };
    const found = rates(options, [0, 200, 400, 3600, 31_800, 60_000, 70_000]);
    expectClose(found, [0, 1.1111e-4, 2.2222e-4, 2e-3, 1e-3, 0, 0], 1e-5);
  });

  it('starts at the peak without a warm-up', () => {
    const options = { learningRate: 1, warmupSteps: 0, totalSteps: 4 };
    expectClose(rates(options, [0, 1, 4]), [1, 0.75, 0], 1e-12);
  });

  it.each(schedulerTypes)('is the schedule of transformers: %s', (schedulerType) => {
    const { cases } = referenceJson('optimiser.json') as OptimiserReference;
    for (const { warmup_steps, total_steps, learning_rate, rates: expected } of cases) {
      const options = { learningRate: learning_rate, warmupSteps: warmup_steps, totalSteps: total_steps };
      const wanted = expected[schedulerType].slice(0, total_steps);
      const found = wanted.map((_, step) => learningRateAt(step, { ...options, schedulerType }));
      expectClose(found, wanted, 1e-12, `${schedulerType} ${total_steps}`);
    }
  });
});

it('smooths labels as PyTorch does', async () => {
  const { label_smoothing } = referenceJson('optimiser.json') as OptimiserReference;
  for (const { smoothing, logits, labels, loss, gradient } of label_smoothing) {
    const [count, width] = [logits.length, logits[0]!.length];
    const graph = new Graph();
    const hidden = graph.input('logits', 'float32', [count, width]);
    const result = answerCrossEntropy(graph.root, {
      hidden,
      positions: graph.input('positions', 'int64', [count]),
      labels: graph.input('labels', 'int64', [count]),
      weights: graph.input('weights', 'float32', [count]),
      head: (_at, values) => values,
      labelSmoothing: smoothing,
    });
    graph.output('loss', result.loss);
    graph.output('gradient', gradients(result.loss, [hidden])[0]!);
    const session = await Session.open(encodeOnnx(graph));
    const found = await session.run({
      logits: tensor('float32', [count, width], Float32Array.from(logits.flat())),
      positions: tensor('int64', [count], BigInt64Array.from(labels.keys(), BigInt)),
      labels: tensor('int64', [count], BigInt64Array.from(labels, BigInt)),
      weights: tensor('float32', [count], new Float32Array(count).fill(1)),
    });
    await session.close();
    expectClose(floats(found['loss']), [loss], 1e-6, `loss ${smoothing}`);
    expectClose(floats(found['gradient']), gradient.flat(), 1e-5, `gradient ${smoothing}`);
  }
});

it('corrects the bias of the moments without losing digits', async () => {
  // With one gradient of 1 the corrected moments are 1 at every step, so a step moves by the rate exactly.
  const graph = new Graph();
  const input = (name: string): ReturnType<Graph['input']> => graph.input(name, 'float32', []);
  const { update } = adamW(graph.root, input('step'), input('rate'), { ...adamWDefaults, epsilon: 0 });
  const state = { parameter: input('p'), gradient: input('g'), mean: input('m'), variance: input('v') };
  const next = update(graph.root, state);
  graph.output('next.p', next.parameter);
  graph.output('next.m', next.mean);
  graph.output('next.v', next.variance);
  const session = await Session.open(encodeOnnx(graph));
  let [m, v] = [float(0), float(0)];
  for (let step = 0; step < 50; step++) {
    const out = await session.run({ step: float(step), rate: float(1), p: float(0), g: float(1), m, v });
    expect(Math.abs(floats(out['next.p'])[0]! + 1), `step ${step}`).toBeLessThan(2e-6);
    [m, v] = [out['next.m']!, out['next.v']!] as [typeof m, typeof v];
  }
  await session.close();
});
