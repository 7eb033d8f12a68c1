import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  emptyStep,
  OnnxExecutor,
  servedAdapter,
  wholePrompt,
  type DecodeWeights,
  type PrefillWeights,
  type ServedAdapter,
} from '@prad/generation';
import { importBaseModel, openBaseModel, type BaseModel } from '@prad/models';
import { adapterFor, initialise, randomStream } from '@prad/nn';
import { tensor } from '@prad/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallHuggingFaceFolder, smallLlama } from './support/small-base.js';

const prompts = [
  [5, 900, 77, 1500],
  [3, 2000],
];

let folder: string;
let model: BaseModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-quantised-'));
  const source = await smallHuggingFaceFolder(1, { ...smallLlama, initializer_range: 0.05 });
  await importBaseModel(source, join(folder, 'model'), { quantise: ['q4', 'q8', 'w8a8'] });
  model = await openBaseModel(join(folder, 'model'), 'small');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Answers {
  readonly prefill: readonly Float32Array[];
  readonly decode: readonly Float32Array[];
  /** Where the weights of the decode step lie. */
  readonly files: ReadonlyMap<string, string>;
}

interface Reading {
  readonly prefillWeights?: PrefillWeights;
  /** Of the first prompt. */
  readonly adapter?: ServedAdapter;
  /** The one prompt that is read; by default all are. */
  readonly only?: number;
}

/** Logits of the prompts' next tokens and of those after three given ones. */
async function answersWith(
  decodeWeights: DecodeWeights,
  { prefillWeights = 'f32', adapter, only }: Reading = {},
): Promise<Answers> {
  const executor = await OnnxExecutor.open(model, {
    ...{ slots: 2, capacity: 16, intraOpThreads: 1, decodeWeights, prefillWeights },
  });
  const copies = (logits: Awaited<ReturnType<OnnxExecutor['run']>>): Float32Array[] =>
    rows.map(({ request }) => logits.get(request)!.values.slice());
  const rows = prompts
    .map((tokens, request) =>
      wholePrompt({ request, slot: request, tokens, adapter: request === 0 ? adapter : undefined }),
    )
    .filter(({ request }) => request === (only ?? request))
    .map((row, slot) => ({ ...row, slot }));
  const prefill = copies(await executor.run({ ...emptyStep, prefill: [rows] }));
  const decode: Float32Array[] = [];
  for (const [step, token] of [8, 1200, 44].entries()) {
    const next = rows.map(({ request, slot, tokens }) => ({
      ...{ request, slot, token, length: tokens.length + step },
    }));
    decode.push(...copies(await executor.run({ ...emptyStep, decode: next })));
  }
  await executor.close();
  const files = new Map([...executor.decode.weights].map(([name, { location }]) => [name, location]));
  return { prefill, decode, files };
}

function relativeError(got: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const sum = (of: (x: number, y: number) => number): number =>
    got.reduce((all, row, r) => all + row.reduce((s, x, i) => s + of(x, expected[r]![i]!) ** 2, 0), 0);
  return Math.sqrt(sum((x, y) => x - y) / sum((_, y) => y));
}

it.each([
  ['q8', 0.02],
  ['q4', 0.1],
  ['w8a8', 0.04],
] as const)('decodes with %s and reads prompts with the weights as they are', async (weights, bound) => {
  const exact = await answersWith('f32');
  const rounded = await answersWith(weights);
  expect(relativeError(rounded.prefill, exact.prefill)).toBeLessThan(1e-5);
  const error = relativeError(rounded.decode, exact.decode);
  expect(error).toBeGreaterThan(1e-4);
  expect(error).toBeLessThan(bound);
  const matrices = [...rounded.files].filter(([name]) => name.endsWith('proj.weight.quantised'));
  expect(matrices.length).toBeGreaterThan(0);
  for (const [, file] of matrices) expect(file).toBe(`model.${weights}.safetensors`);
  const floats = [...rounded.files].filter(([, file]) => file === 'model.safetensors').map(([name]) => name);
  expect(floats.filter((name) => !name.includes('norm'))).toEqual(['model.embed_tokens.weight']);
});

/** A LoRA of random factors. */
async function lora(): Promise<ServedAdapter> {
  const adapter = adapterFor(model, 'lora', { rank: 4 });
  const random = randomStream(3);
  const tensors = new Map(
    [...initialise(adapter.parameters, 1)].map(([name, old]) => [
      name,
      tensor(
        'float32',
        old.shape,
        Float32Array.from(old.data, () => random.normal() * 0.1),
      ),
    ]),
  );
  const artefact = { method: 'lora', options: { ...adapter.options }, scope: 'prompt', tensors };
  return servedAdapter(model, artefact, 'lora');
}

it.each([
  ['q8', 0.02],
  ['q4', 0.1],
  ['w8a8', 0.04],
] as const)('reads prompts with %s as well, through adapters or none', async (weights, bound) => {
  const adapter = await lora();
  const exact = await answersWith('f32', { adapter });
  const rounded = await answersWith(weights, { prefillWeights: 'decode', adapter });
  const plain = await answersWith('f32');
  expect(relativeError([plain.prefill[0]!], [exact.prefill[0]!])).toBeGreaterThan(2 * bound);
  for (const [got, expected] of [
    [rounded.prefill, exact.prefill],
    [rounded.decode, exact.decode],
  ] as const) {
    const error = relativeError(got, expected);
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(1.5 * bound);
  }
  const matrices = [...rounded.files].filter(([name]) => !name.includes('norm'));
  for (const [, file] of matrices) expect(file).toBe(`model.${weights}.safetensors`);
});

it('is refused where the model has no such copy', async () => {
  const plain = join(folder, 'plain');
  await importBaseModel(await smallHuggingFaceFolder(), plain);
  const opening = OnnxExecutor.open(await openBaseModel(plain, 'plain'), {
    ...{ slots: 1, capacity: 8, intraOpThreads: 1, decodeWeights: 'q8' },
  });
  await expect(opening).rejects.toMatchObject({ code: 'no_quantised_copy', kind: 'conflict' });
});

it('gives a row the same logits in w8a8 whatever is read and decoded beside it', async () => {
  const together = await answersWith('w8a8', { prefillWeights: 'decode' });
  const alone = await answersWith('w8a8', { prefillWeights: 'decode', only: 1 });
  const [, second] = together.prefill;
  expect(alone.prefill).toHaveLength(1);
  expect(relativeError(alone.prefill, [second!])).toBeLessThan(1e-6);
  expect(
    relativeError(
      alone.decode,
      together.decode.filter((_, index) => index % 2 === 1),
    ),
  ).toBeLessThan(1e-6);
});

it('is refused on a device other than the CPU in w8a8, whose products run there alone', async () => {
  const opening = OnnxExecutor.open(model, {
    ...{ slots: 1, capacity: 8, intraOpThreads: 1, decodeWeights: 'w8a8', device: 'webgpu' },
  });
  await expect(opening).rejects.toMatchObject({ code: 'w8a8_needs_cpu', kind: 'conflict' });
});
