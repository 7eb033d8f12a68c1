import { emptyStep, OnnxExecutor, wholePrompt } from '@prad/generation';
import { importBaseModel, openBaseModel, readManifest, storedWeights, tunedModel } from '@prad/models';
import { fit, Trainer, trainedTensors } from '@prad/training';
import { encodeSafetensors } from '@prad/formats';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from './nn/architecture-contract.js';
import {
  floats,
  int64,
  named,
  referencePath,
  referenceTensors,
  relativeGap,
  tinyModel,
} from './nn/reference.js';
import { expectGenerates } from './support/expect-generates.js';

const folders = [
  'llama3',
  'llama-linear',
  'gpt2',
  'mistral', // bfloat16
  'qwen2',
  'qwen3', // two shards
  'gemma2',
  'gemma3_text',
  'phi3', // fused projections
  'gpt_neox', // float16, with tensors that are no weights
  'gpt_neox-serial',
];

/** Whether q_proj and o_proj have a bias, where either has. */
const biased: Readonly<Record<string, readonly boolean[]>> = {
  gpt2: [true, true],
  qwen2: [true, false],
  gpt_neox: [true, true],
  'gpt_neox-serial': [true, true],
};

/** A tokenizer as small as the tiny models' vocabulary, with a token behind it, as Gemma 3 has one for images. */
const tokenizer = {
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(Array.from({ length: 96 }, (_, id) => [`<${id}>`, id])),
    merges: [],
  },
  added_tokens: [{ id: 96, content: '<image>', special: true }],
};

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'prad-families-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true });
});

/** A copy of a folder of test/reference with a tokenizer. */
async function source(folder: string): Promise<string> {
  const path = await mkdtemp(join(scratch, `${folder}-`));
  await cp(referencePath(folder), path, { recursive: true });
  await writeFile(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(path, 'tokenizer_config.json'), JSON.stringify({ eos_token: '<1>' }));
  return path;
}

/** Over the largest logit, of the step that decodes the first token with the copy in 8 bits. */
async function decodeGap(path: string, folder: string): Promise<number> {
  const model = await openBaseModel(path, folder);
  const golden = await referenceTensors(`${folder}/generate.safetensors`);
  const rows = rowsOf(golden).map(({ ids: tokens }, slot) =>
    wholePrompt({ request: slot, slot, tokens, adapter: undefined }),
  );
  const chosen = int64(named(golden, 'tokens'));
  const executor = await OnnxExecutor.open(model, {
    ...{ slots: rows.length, capacity: 16, intraOpThreads: 1, decodeWeights: 'q8' },
  });
  await executor.run({ ...emptyStep, prefill: [rows] });
  const steps = chosen.length / rows.length;
  const decode = rows.map(({ request, slot, tokens }, row) => ({
    ...{ request, slot, token: chosen[row * steps]!, length: tokens.length },
  }));
  const logits = await executor.run({ ...emptyStep, decode });
  const got = rows.flatMap(({ request }) => [...logits.get(request)!.values]);
  await executor.close();
  const expected = floats(named(golden, 'logits')).subarray(got.length, 2 * got.length);
  return relativeGap(got, expected);
}

it.each(folders)('%s decodes from its copy in 8 bits nearly as it is', async (folder) => {
  const path = join(scratch, `${folder}-q8`);
  await importBaseModel(await source(folder), path, { quantise: ['q8'] });
  const gap = await decodeGap(path, folder);
  expect(gap).toBeGreaterThan(1e-5);
  expect(gap).toBeLessThan(0.03);
});

describe('all weights train from those of the base, and come back as a model of the same loss', () => {
  const examples = [
    { tokens: [5, 6, 7, 8, 9], promptLength: 2 },
    { tokens: [11, 12, 5, 14], promptLength: 1 },
  ];
  const options = {
    ...{ epochs: 1, maxSteps: 3, batchSize: 2, learningRate: 1e-3, warmupRatio: 0, weightDecay: 0 },
    ...{ maxGradNorm: 1, maxLength: 16, evaluationSteps: 0 },
  };

  /** The loss of the weights that a folder holds. */
  async function lossOf(path: string): Promise<number> {
    const model = await openBaseModel(path, 'tuned');
    const trainer = await Trainer.open(model, trainedTensors(model, { kind: 'full' }), {
      ...{ ...options, warmupSteps: 0, totalSteps: 1, seed: 1, intraOpThreads: 1 },
      start: await storedWeights(model),
    });
    const loss = await trainer.evaluate(examples, { batchSize: 2 });
    await trainer.close();
    return loss;
  }

  it.each(folders)('%s', async (folder) => {
    const path = join(scratch, `${folder}-full`);
    await importBaseModel(await source(folder), path, { quantise: ['q4', 'q8'] });
    const model = await openBaseModel(path, folder);
    const workFolder = await mkdtemp(join(scratch, 'work-'));
    const plan = { trainable: { kind: 'full' as const }, hyperparameters: options, seed: 1, workFolder };
    const run = {
      ...{ plan: { ...plan, intraOpThreads: 1 }, model, examples, validation: examples },
      start: await storedWeights(model),
    };
    const losses: number[] = [];
    let result = '';
    for await (const event of fit(run, new AbortController().signal)) {
      if (event.type === 'evaluation') losses.push(event.loss);
      if (event.type === 'finished') result = event.path;
    }
    expect(losses[0]).toBe(await lossOf(path));
    const tuned = join(workFolder, 'model');
    const manifest = await tunedModel(model, result, tuned);
    expect(await lossOf(tuned)).toBe(losses.at(-1));
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const before = await readManifest(path);
    expect(manifest).toEqual({ ...before, digest: manifest.digest, quantised: manifest.quantised });
    expect(manifest.digest).not.toBe(before.digest);
    expect(manifest.quantised.map(({ kind }) => kind)).toEqual(['q4', 'q8']);
  });
});

describe('an imported checkpoint generates what transformers generates from it', () => {
  it.each(folders)('%s', async (folder) => {
    const path = join(scratch, folder);
    const { layout } = await importBaseModel(await source(folder), path);
    expect([layout.sites['q_proj']?.bias, layout.sites['o_proj']?.bias]).toEqual(
      biased[folder] ?? [false, false],
    );
    await expectGenerates(path, folder);
  });

  it('gpt2 whose names leave out the body, with the buffers of its own file on the Hub', async () => {
    const from = await source('gpt2');
    const { weights } = await tinyModel('gpt2');
    const bare = [...weights].map(([name, value]) => [name.replace('transformer.', ''), value] as const);
    const [first] = weights.values();
    await writeFile(
      join(from, 'model.safetensors'),
      encodeSafetensors(new Map([...bare, ['h.0.attn.bias', first!]])),
    );
    await importBaseModel(from, join(scratch, 'bare'));
    await expectGenerates(join(scratch, 'bare'), 'gpt2');
  });
});

it('names the tensor that a file leaves out by its full name', async () => {
  const from = await source('qwen2');
  const { weights } = await tinyModel('qwen2');
  const bias = 'model.layers.1.self_attn.v_proj.bias';
  const rest = [...weights].filter(([name]) => name !== bias);
  await writeFile(join(from, 'model.safetensors'), encodeSafetensors(new Map(rest)));
  await expect(importBaseModel(from, join(scratch, 'less'))).rejects.toThrow(`tensor ${bias} is missing`);
});

it('refuses a checkpoint whose config.json asks for what is not supported, naming the field', async () => {
  const from = await source('phi3');
  const config = JSON.parse(await readFile(join(from, 'config.json'), 'utf8')) as object;
  const longrope = { type: 'longrope', short_factor: [1], long_factor: [1] };
  await writeFile(join(from, 'config.json'), JSON.stringify({ ...config, rope_scaling: longrope }));
  await expect(importBaseModel(from, join(scratch, 'long'))).rejects.toThrow(
    /config.json of phi3: rope_scaling.rope_type: .* got "longrope"/,
  );
});
