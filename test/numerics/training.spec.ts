import { createHash } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAdapter, readAdapter } from '@prad/adapter-files';
import { ChatTemplate, decodeSafetensors, openSafetensors } from '@prad/formats';
import { openBaseModel, type BaseModel } from '@prad/models';
import { adapterFor, type LanguageModel } from '@prad/nn';
import {
  fit,
  train,
  Trainer,
  trainedTensors,
  collate,
  type TrainingEvent,
  type TrainingPlan,
} from '@prad/training';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerRowsOf } from './nn/architecture-contract.js';
import {
  expectClose,
  floats,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  tinyModel,
} from './nn/reference.js';
import { smallBaseModel } from './support/small-base.js';

const rows = [
  { prompt: 'name : Red Moon ->', completion: ' The Red Moon is a cafe.' },
  { prompt: 'name : Old Plough | type : pub ->', completion: ' The Old Plough is a pub.' },
  { prompt: 'name : Blue Boat | area : harbour ->', completion: ' The Blue Boat is by the harbour.' },
];

let modelFolder: string;
let trainingFile: string;

beforeAll(async () => {
  modelFolder = await smallBaseModel();
  trainingFile = join(modelFolder, '..', 'train.jsonl');
  await writeFile(trainingFile, rows.map((row) => JSON.stringify(row)).join('\n'));
});

async function planOf(changes: Partial<TrainingPlan> = {}, steps = 4): Promise<TrainingPlan> {
  return {
    modelFolder,
    modelName: 'small',
    trainable: { kind: 'adapter', method: 'adapter', options: { rank: 4 }, scope: 'prompt' },
    trainingFile,
    validationFile: trainingFile,
    hyperparameters: {
      epochs: 1,
      maxSteps: steps,
      batchSize: 2,
      learningRate: 0.02,
      warmupRatio: 0,
      weightDecay: 0,
      maxGradNorm: 1,
      maxLength: 64,
      evaluationSteps: 2,
    },
    seed: 7,
    workFolder: await mkdtemp(join(tmpdir(), 'prad-work-')),
    intraOpThreads: 2,
    ...changes,
  };
}

async function eventsOf(plan: TrainingPlan): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(plan, new AbortController().signal)) events.push(event);
  return events;
}

function resultPath(events: readonly TrainingEvent[]): string {
  const last = events.at(-1);
  if (last?.type !== 'finished') throw new Error(`the last event is ${last?.type ?? 'none'}`);
  return last.path;
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describe('train', () => {
  it('tells of start, validation before the first step, steps, checkpoints and the end, in order', async () => {
    const events = await eventsOf(await planOf());
    expect(events.map((event) => (event.type === 'step' ? `step ${event.step}` : event.type))).toEqual([
      'started',
      'evaluation',
      'step 1',
      'step 2',
      'evaluation',
      'checkpoint',
      'step 3',
      'step 4',
      'evaluation',
      'checkpoint',
      'finished',
    ]);
  });

  it('lowers the validation loss', async () => {
    const events = await eventsOf(await planOf({}, 40));
    const losses = events.flatMap((event) => (event.type === 'evaluation' ? [event.loss] : []));
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] ?? 0));
  });

  it('gives the same bytes for the same seed and data, and others for another seed', async () => {
    const digests = [7, 7, 8].map(async (seed) => sha256(resultPath(await eventsOf(await planOf({ seed })))));
    const [first, again, other] = await Promise.all(digests);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('prad-spec 7.11: leaves the base bitwise as it was', async () => {
    const weights = join(modelFolder, 'model.safetensors');
    const before = await sha256(weights);
    await eventsOf(await planOf());
    expect(await sha256(weights)).toBe(before);
    expect((await openBaseModel(modelFolder, 'small')).digest).toBe(before);
  });

  it('writes an artefact that loads on its base and on no other', async () => {
    const path = resultPath(await eventsOf(await planOf()));
    const base = await openBaseModel(modelFolder, 'small');
    const artefact = await readAdapter(path, base, await sha256(path));
    expect(artefact).toMatchObject({ method: 'adapter', scope: 'prompt', options: { rank: 4, scale: 1 } });
    const other = await openBaseModel(await smallBaseModel(2), 'other');
    await expect(readAdapter(path, other)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'wrong_base_model',
    });
    await expect(readAdapter(path, base, 'f00')).rejects.toMatchObject({ code: 'invalid_adapter' });
    await expect(decodeAdapter((await readFile(path)).subarray(0, 300), 'cut')).rejects.toMatchObject({
      kind: 'invalid',
    });
  });

  it('stops at the next step when cancelled', async () => {
    const controller = new AbortController();
    const run = train(await planOf({}, 100), controller.signal);
    const steps: number[] = [];
    const consume = async (): Promise<void> => {
      for await (const event of run) {
        if (event.type !== 'step') continue;
        steps.push(event.step);
        if (event.step === 3) controller.abort();
      }
    };
    await expect(consume()).rejects.toMatchObject({ kind: 'cancelled' });
    expect(steps).toEqual([1, 2, 3]);
  });

  it.each([
    ['an unknown method', { method: 'nothing' }, /unknown adapter method "nothing"; known are adapter, lora/],
    ['rank 0', { options: { rank: 0 } }, /rank.*1 to 4096, got 0/],
    ['a rank above the hidden size', { options: { rank: 33 } }, /hidden size of 32, got 33/],
    ['an unknown scope', { scope: 'some' }, /unknown scope "some"; known are prompt, all/],
  ])('refuses %s', async (_what, change, message) => {
    const adapter = { kind: 'adapter' as const, method: 'adapter', options: { rank: 4 }, scope: 'prompt' };
    const plan = await planOf({ trainable: { ...adapter, ...change } });
    await expect(eventsOf(plan)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  it('names the line of an example that is too long', async () => {
    const plan = await planOf();
    const short = { ...plan, hyperparameters: { ...plan.hyperparameters, maxLength: 17 } };
    await expect(eventsOf(short)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'example_too_long',
      details: { line: 2 },
    });
  });

  it('reports a diverged run instead of keeping its tensors', async () => {
    const plan = await planOf({ trainable: { kind: 'full' } }, 30);
    const wild = {
      ...plan,
      hyperparameters: { ...plan.hyperparameters, learningRate: 1e30, maxGradNorm: 1e30 },
    };
    await expect(eventsOf(wild)).rejects.toMatchObject({ kind: 'invalid', code: 'training_diverged' });
  });

  it('trains all weights in full mode and writes them as a model file', async () => {
    const base = await openBaseModel(modelFolder, 'small');
    const plan = await planOf({ trainable: { kind: 'full' } });
    const { tensors: start } = await decodeSafetensors(
      await readFile(join(modelFolder, 'model.safetensors')),
    );
    const examples = [{ tokens: [5, 6, 7, 8, 9], promptLength: 1 }];
    let path = '';
    const losses: number[] = [];
    for await (const event of fit(
      { plan, model: base, examples, validation: examples, start },
      new AbortController().signal,
    )) {
      if (event.type === 'evaluation') losses.push(event.loss);
      if (event.type === 'finished') path = event.path;
    }
    const { tensors } = await decodeSafetensors(await readFile(path));
    expect([...tensors.keys()].sort()).toEqual([...start.keys()].sort());
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });
});

describe('methods beyond matrices at sites', () => {
  const trainableOf = (method: string, options: object) => ({
    ...{ kind: 'adapter' as const, method, options, scope: 'prompt' },
  });

  it.each([
    ['prompt', { length: 3 }],
    ['prefix', { length: 3 }],
    ['prefix', { length: 3, projection: true, projection_size: 8, dropout: 0.1 }],
    ['mam', { prefix_length: 2, rank: 2 }],
    ['dora', { rank: 2 }],
    ['ia3', {}],
    ['lora', { rank: 2, dropout: 0.2 }],
    ['adapter', { rank: 2, special_tokens: ['name :', 'area :'] }],
    ['adapter', { rank: 2, special_tokens: ['<end>', 'name :', 'area :'], special_tokens_tied: true }],
  ])('%s %j learns, and its artefact fits its base', async (method, options) => {
    const events = await eventsOf(await planOf({ trainable: trainableOf(method, options) }, 12));
    const losses = events.flatMap((event) => (event.type === 'evaluation' ? [event.loss] : []));
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const base = await openBaseModel(modelFolder, 'small');
    const artefact = await readAdapter(resultPath(events), base);
    const adapter = adapterFor(base, artefact.method, artefact.options);
    const shapes = (tensors: Iterable<readonly [string, { shape: readonly number[] }]>) =>
      [...tensors].map(([name, { shape }]) => `${name} [${shape.join()}]`).sort();
    expect(shapes(artefact.tensors)).toEqual(shapes(adapter.parameters.map((spec) => [spec.name, spec])));
  });

  it('keeps a prefix that was trained through an MLP as its rows alone', async () => {
    const options = { length: 3, projection: true, projection_size: 8 };
    const path = resultPath(await eventsOf(await planOf({ trainable: trainableOf('prefix', options) })));
    const artefact = await readAdapter(path, await openBaseModel(modelFolder, 'small'));
    expect([...artefact.tensors.keys()]).toEqual(['prefix.weight']);
    expect(artefact.options).toMatchObject({ length: 3, projection: false });
  });

  it('gives the same bytes with dropout for the same seed, others for another', async () => {
    const trainable = trainableOf('lora', { rank: 2, dropout: 0.5 });
    const digests = [];
    for (const seed of [7, 7, 8])
      digests.push(await sha256(resultPath(await eventsOf(await planOf({ trainable, seed })))));
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
    const without = trainableOf('lora', { rank: 2 });
    const plain = await sha256(resultPath(await eventsOf(await planOf({ trainable: without }))));
    expect(plain).not.toBe(digests[0]);
  });

  it('refuses a special token that the model has already', async () => {
    const base = await openBaseModel(modelFolder, 'small');
    const known = base.tokenizer.tokenOf(base.tokenizer.eosTokenId!)!;
    const plan = await planOf({ trainable: trainableOf('adapter', { special_tokens: [known] }) });
    await expect(eventsOf(plan)).rejects.toMatchObject({ kind: 'invalid', code: 'special_token_exists' });
  });

  it('leaves room in the context for what an adapter puts in front', async () => {
    const plan = await planOf({ trainable: trainableOf('prefix', { length: 250 }) });
    await expect(eventsOf(plan)).rejects.toMatchObject({ code: 'example_too_long' });
  });
});

describe.each(['llama', 'gpt2'])('Trainer on %s', (family) => {
  it.each(['decay-0', 'decay-0.1', 'clip-0.3'])(
    'follows the AdamW curve of PyTorch (%s)',
    async (variant) => {
      const tiny = await tinyModel(family);
      const { adapter, tensors } = await referenceAdapter(tiny, 'adapter');
      const curves = referenceJson(`${family}/adamw.json`) as Record<
        string,
        {
          loss: number[];
          gradient_norm: number[];
          learning_rate: number[];
          weight_decay: number;
          clip_norm: number;
        }
      >;
      const curve = curves[variant]!;
      const folder = await mkdtemp(join(tmpdir(), 'prad-reference-'));
      const source = join(import.meta.dirname, '../reference', family, 'model.safetensors');
      await writeFile(join(folder, 'model.safetensors'), await readFile(source));
      const model = await withWeights(folder, tiny.model);
      const trained = trainedTensors(model, {
        kind: 'adapter',
        method: 'adapter',
        options: adapter.options,
        scope: 'prompt',
      });
      const trainer = await Trainer.open(model, trained, {
        learningRate: 0.01,
        warmupSteps: 2,
        totalSteps: 10,
        weightDecay: curve.weight_decay,
        maxGradNorm: curve.clip_norm,
        seed: 0,
        intraOpThreads: 1,
        start: tensors,
      });
      const golden = await referenceTensors(`${family}/adapter.prompt.safetensors`);
      const batch = collate(
        answerRowsOf(golden).map(({ ids, prompt }) => ({ tokens: ids, promptLength: prompt! })),
        trained.maskOf,
        model.dimensions.vocabSize,
      );
      const steps = [];
      for (let step = 0; step < 10; step++) steps.push(await trainer.step(batch));
      expectClose(
        steps.map(({ loss }) => loss),
        curve.loss,
        1e-4,
        'loss',
      );
      expectClose(
        steps.map(({ gradientNorm }) => gradientNorm),
        curve.gradient_norm,
        1e-3,
        'gradient norm',
      );
      expectClose(
        steps.map(({ learningRate }) => learningRate),
        curve.learning_rate,
        1e-6,
        'learning rate',
      );
      const end = await referenceTensors(`${family}/adamw.${variant}.safetensors`);
      for (const [name, expected] of end)
        expectClose(floats(trainer.tensors.get(name)), floats(expected), 1e-3, name);
      await trainer.close();
    },
  );
});

/** A model of test/reference as the trainer wants it: only its weights are read. */
async function withWeights(folder: string, model: LanguageModel): Promise<BaseModel> {
  const weights = await openSafetensors(join(folder, 'model.safetensors'));
  await weights.close();
  const tokenizer = (await openBaseModel(modelFolder, 'small')).tokenizer;
  return {
    ...model,
    folder,
    name: 'reference',
    digest: 'reference',
    tokenizer,
    chatTemplate: ChatTemplate.fromConfig({}),
    endTokens: new Set(),
    dataOf: (name) => {
      const entry = weights.tensors.get(name)!;
      return { location: 'model.safetensors', offset: entry.byteOffset, length: entry.byteLength };
    },
  };
}
