import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@prad/formats';
import { encodeOnnx, type Graph } from '@prad/graph';
import {
  adoptQuantised,
  importBaseModel,
  openBaseModel,
  openQuantised,
  readManifest,
  type BaseModel,
  type Quantisation,
} from '@prad/models';
import { logitsGraph, quantisedWeights, storedWeights, type Weights } from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats } from './nn/reference.js';
import { smallGpt2, smallHuggingFaceFolder, smallLlama } from './support/small-base.js';

const IDS = [5, 900, 77, 1500, 3, 2000, 41];

let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'prad-quantised-'));
});
afterAll(async () => {
  await rm(models, { recursive: true });
});

/** A model's folder whose biases are not the zeros that training starts from. */
async function sourceOf(config: object): Promise<string> {
  const source = await smallHuggingFaceFolder(1, config);
  const path = join(source, 'model.safetensors');
  const { tensors } = await decodeSafetensors(await readFile(path));
  for (const [name, values] of tensors) {
    if (name.endsWith('.bias')) floats(values).forEach((_, i, bias) => (bias[i] = 0.3 * Math.sin(i)));
  }
  await writeFile(path, encodeSafetensors(tensors));
  return source;
}

function graphOf(model: BaseModel, weights: (graph: Graph) => Weights): Graph {
  return logitsGraph(model, { batch: 1, tokens: IDS.length, weights });
}

async function quantisedGraph(model: BaseModel, kind: Quantisation, embeddings = false): Promise<Graph> {
  const copy = { ...(await openQuantised(model, kind)), embeddings };
  return graphOf(model, (graph) => quantisedWeights(graph, model.parameters, model.dataOf, copy));
}

async function logitsOf(model: BaseModel, graph: Graph): Promise<Float32Array> {
  const session = await Session.open(encodeOnnx(graph), { externalDataFolder: model.folder });
  const shape = [1, IDS.length];
  const { logits } = await session.run({
    input_ids: tensor('int64', shape, BigInt64Array.from(IDS, BigInt)),
    position_ids: tensor(
      'int64',
      shape,
      BigInt64Array.from(IDS, (_, position) => BigInt(position)),
    ),
  });
  await session.close();
  return floats(logits);
}

/** Root of the mean squared difference, against the spread of the expected logits. */
function relativeError(got: Float32Array, expected: Float32Array): number {
  const squares = (of: (i: number) => number): number => got.reduce((sum, _, i) => sum + of(i) ** 2, 0);
  return Math.sqrt(squares((i) => got[i]! - expected[i]!) / squares((i) => expected[i]!));
}

function products(graph: Graph): number {
  const types = ['MatMulNBits', 'MatMulIntegerToFloat'];
  return graph.nodes.filter(({ operator }) => types.includes(operator.type)).length;
}

describe.each([
  // Products of two layers and the head, by kind of copy: queries, keys and values, out, gate and up, down.
  ['llama', { ...smallLlama, initializer_range: 0.05 }, { q8: 2 * 4 + 1, q4: 2 * 4 + 1, w8a8: 2 * 4 + 1 }],
  [
    'llama with biases',
    { ...smallLlama, initializer_range: 0.05, attention_bias: true, mlp_bias: true },
    { q8: 9, q4: 9, w8a8: 9 },
  ],
  ['gpt2', { ...smallGpt2, initializer_range: 0.05 }, { q8: 2 * 4 + 1, q4: 2 * 4 + 1, w8a8: 2 * 4 + 1 }],
] as const)('%s', (name, config, expectedProducts) => {
  let model: BaseModel;
  let exact: Float32Array;

  beforeAll(async () => {
    const folder = join(models, name);
    const seen: number[] = [];
    const manifest = await importBaseModel(await sourceOf(config), folder, {
      quantise: ['q8', 'w8a8', 'q4', 'q4'],
      onProgress: ({ tensorsDone, tensorsTotal }) => seen.push(tensorsDone / tensorsTotal),
    });
    expect(manifest.quantised.map(({ kind, file }) => [kind, file])).toEqual([
      ['q4', 'model.q4.safetensors'],
      ['q8', 'model.q8.safetensors'],
      ['w8a8', 'model.w8a8.safetensors'],
    ]);
    expect([seen[0]! > 0, seen.at(-1)]).toEqual([true, 1]);
    model = await openBaseModel(folder, name);
    exact = await logitsOf(
      model,
      graphOf(model, (graph) => storedWeights(graph, model.parameters, model.dataOf)),
    );
  });

  it.each([
    ['q8', 0.02],
    ['w8a8', 0.05],
  ] as const)(
    'reads the rows of the embedding from the %s copy where that is asked for',
    async (kind, bound) => {
      const [floating, rounded] = [
        await quantisedGraph(model, kind),
        await quantisedGraph(model, kind, true),
      ];
      const fromFile = (graph: Graph): boolean =>
        [...graph.parameters.keys()].some(({ name }) => /(embed_tokens|wte)\.weight$/.test(name));
      expect([fromFile(floating), fromFile(rounded)]).toEqual([true, false]);
      const error = relativeError(await logitsOf(model, rounded), await logitsOf(model, floating));
      expect(error).toBeGreaterThan(1e-5);
      expect(error).toBeLessThan(bound);
    },
  );

  it.each([
    ['q8', 0.02],
    ['q4', 0.12],
    ['w8a8', 0.05],
  ] as const)("%s gives the model's logits up to %d", async (kind, bound) => {
    const graph = await quantisedGraph(model, kind);
    expect(products(graph)).toBe(expectedProducts[kind]);
    expect(graph.nodes.filter(({ operator }) => operator.type === 'Gemm')).toEqual([]);
    const error = relativeError(await logitsOf(model, graph), exact);
    expect(error).toBeLessThan(bound);
    expect(error).toBeGreaterThan(0);
  });

  it('writes the same files again, with the digests that the manifest tells', async () => {
    const again = join(models, `${name} again`);
    const { quantised, digest } = await importBaseModel(await sourceOf(config), again, {
      quantise: ['q4', 'q8', 'w8a8'],
    });
    expect(await readManifest(model.folder)).toMatchObject({ quantised, digest });
    for (const { file, digest: expected } of quantised) {
      const hash = createHash('sha256').update(await readFile(join(again, file)));
      expect(hash.digest('hex')).toBe(expected);
    }
  });
});

it('a model without such a copy is refused with the way to make one', async () => {
  const folder = join(models, 'plain');
  await importBaseModel(await smallHuggingFaceFolder(), folder);
  const model = await openBaseModel(folder, 'plain');
  await expect(openQuantised(model, 'q4')).rejects.toMatchObject({ code: 'no_quantised_copy' });
  await expect(openQuantised(model, 'q4')).rejects.toThrow(
    /plain has no q4 copy .*models import .*--quantize q4/,
  );
});

it('a later import without copies takes over those of the folder that it replaces', async () => {
  const source = await smallHuggingFaceFolder();
  const [older, newer] = [join(models, 'older'), join(models, 'newer')];
  const before = await importBaseModel(source, older, { quantise: ['q8'] });
  await importBaseModel(source, newer, { quantise: ['q4'] });
  const after = await adoptQuantised(newer, older);
  expect(after.quantised.map(({ kind }) => kind)).toEqual(['q4', 'q8']);
  expect(await readManifest(newer)).toEqual(after);
  expect(after.quantised[1]).toEqual(before.quantised[0]);
  const model = await openBaseModel(newer, 'newer');
  expect(products(await quantisedGraph(model, 'q8'))).toBe(9);
  expect(await adoptQuantised(newer, older)).toEqual(after);
});

it('finds the copies of a folder from before, whose manifest names them by their bits', async () => {
  const folder = join(models, 'before');
  await importBaseModel(await smallHuggingFaceFolder(), folder, { quantise: ['q4', 'q8'] });
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { quantised: object[] };
  const quantised = manifest.quantised.map((copy, index) => ({
    ...copy,
    kind: undefined,
    bits: [4, 8][index],
  }));
  await writeFile(path, JSON.stringify({ ...manifest, quantised }));
  expect((await readManifest(folder)).quantised).toEqual(manifest.quantised);
  const model = await openBaseModel(folder, 'before');
  expect(products(await quantisedGraph(model, 'q8'))).toBe(9);
  await expect(openQuantised(model, 'w8a8')).rejects.toThrow(/before has no w8a8 copy .*--quantize w8a8/);
});

it('a weight that is no number is named, and no folder is left', async () => {
  const source = await smallHuggingFaceFolder();
  const path = join(source, 'model.safetensors');
  const { tensors } = await decodeSafetensors(await readFile(path));
  floats(tensors.get('model.layers.1.mlp.up_proj.weight'))[70] = NaN;
  await writeFile(path, encodeSafetensors(tensors));
  const folder = join(models, 'broken');
  await expect(importBaseModel(source, folder, { quantise: ['q8'] })).rejects.toMatchObject({
    code: 'weight_not_finite',
    message: expect.stringContaining(
      'tensor model.layers.1.mlp.up_proj.weight: row 2 of the weight',
    ) as string,
  });
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(dirname(folder))).toBe(true);
});
