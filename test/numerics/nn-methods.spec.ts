import { adapterFor, initialise, promptMask, type LoadedAdapter } from '@prad/nn';
import { tensor } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { changed, fresh, masked } from './nn/adapter-changes.js';
import { answerRowsOf } from './nn/architecture-contract.js';
import { CachedRun } from './nn/cached-run.js';
import { batchOf, fullLogits, lossAndGradients, type Row } from './nn/full-run.js';
import {
  expectClose,
  floats,
  loaded,
  named,
  referenceAdapter,
  referenceTensors,
  relativeGap,
  tinyModel,
  type TinyModel,
  type TrainedAdapter,
} from './nn/reference.js';

/** Rows with an answer, and a tiny model. */
async function setting(folder: string, name: string): Promise<{ tiny: TinyModel; rows: Row[] }> {
  const tiny = await tinyModel(folder);
  const golden = await referenceTensors(`${folder}/${name}.prompt.safetensors`);
  return { tiny, rows: masked(answerRowsOf(golden), promptMask) };
}

describe.each(['llama', 'gpt2'])('prad-spec 7.22: dora on %s', (folder) => {
  it.each(['dora', 'dora-peft'])('%s with A = 0 and m = the column norms is the base', async (name) => {
    const { tiny, rows } = await setting(folder, name);
    const trained = await referenceAdapter(tiny, name);
    const start = await fresh(tiny, trained);
    const tensors = new Map(
      [...start.tensors].map(([key, value]) => [
        key,
        key.endsWith('.b') ? named(trained.tensors, key) : value,
      ]),
    );
    const base = await fullLogits(tiny, batchOf(rows));
    (await fullLogits(tiny, batchOf(rows), { ...start, tensors })).forEach((row, b) => {
      expectClose(row, base[b]!, 1e-5);
    });
  });

  it('scaling m scales x W + b at prompt positions only', async () => {
    const { tiny, rows } = await setting(folder, 'dora');
    const start = await fresh(tiny, await referenceAdapter(tiny, 'dora'));
    const lastDown = (key: string): boolean =>
      key.includes(`.${tiny.model.dimensions.layers - 1}.`) && /down_proj|mlp\.c_proj/.test(key);
    const scaled = (factor: number): TrainedAdapter =>
      changed(
        start,
        (key) => lastDown(key) && key.endsWith('.magnitude'),
        (x) => factor * x,
      );
    // The last projection's output is added to the residual stream, so the stream moves in proportion to s - 1; the
    // norm behind it hides that from the logits, but not from where they are unchanged.
    const logits = async (factor: number): Promise<Float32Array[]> =>
      fullLogits(tiny, batchOf(rows), scaled(factor));
    const [once, twice] = [await logits(1), await logits(2)];
    const width = tiny.model.dimensions.vocabSize;
    rows.forEach(({ prompt = 0 }, b) => {
      expect(
        relativeGap(twice[b]!.slice(0, prompt * width), once[b]!.slice(0, prompt * width)),
      ).toBeGreaterThan(1e-2);
      expect(twice[b]!.slice(prompt * width)).toEqual(once[b]!.slice(prompt * width));
    });
  });

  it('its delta is stretch (x W + b) when A = 0: m / n - 1 times the output', async () => {
    const tiny = await tinyModel(folder);
    const start = await fresh(tiny, await referenceAdapter(tiny, 'dora'));
    const tripled = changed(
      start,
      (key) => key.endsWith('.magnitude'),
      (x) => 3 * x,
    );
    const { served, adapter } = await loaded(tiny, tripled);
    const [part] = adapter.parts;
    for (const site of part!.sites) {
      const of = (name: string): Float32Array => floats(served.get(`served.${site.module}.dora.${name}`));
      expectClose(of('stretch'), new Float32Array(site.outFeatures).fill(2), 1e-5);
      expect(of('shift').every((x) => x === 0)).toBe(true);
    }
  });
});

describe.each(['llama', 'gpt2'])('prad-spec 7.23: prefix on %s', (folder) => {
  it('puts the first token at position P, takes P cells of the cache, and asks no mask', async () => {
    const { tiny, rows } = await setting(folder, 'prefix');
    const trained = await referenceAdapter(tiny, 'prefix');
    const length = trained.adapter.prefix!.length;
    const { kvHeads, headDim, layers } = tiny.model.dimensions;
    expect(named(trained.tensors, 'prefix.weight').shape).toEqual([length, 2 * layers * kvHeads * headDim]);
    const adapter: LoadedAdapter = await loaded(tiny, trained);
    const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
    const run = await CachedRun.open(tiny, [adapter]);
    const choice = rows.map(() => 0);
    const logits = await run.prefill(prompts, choice);
    prompts.forEach(({ ids }, b) => {
      expect(run.cached(0, 'key', b).length).toBe(kvHeads * (length + ids.length) * headDim);
    });
    // Keys in front are the prefix's own, of layer 0 at column 0.
    const front = run.promptOf(0, 'key', 0, length);
    const weight = floats(named(trained.tensors, 'prefix.weight'));
    expect([...front.slice(0, headDim)]).toEqual([...weight.slice(0, headDim)]);
    const unmasked = await run.prefill(
      prompts.map(({ ids }) => ({ ids, mask: ids.map(() => 0) })),
      choice,
    );
    expect(unmasked).toEqual(logits);
    await run.close();
  });
});

describe.each(['llama', 'gpt2'])('special tokens that are rows of the head as well, on %s', (folder) => {
  const options = { rank: 2, special_tokens: ['<end>', '<sep>'], special_tokens_tied: true };
  const rowsOf = (vocabSize: number): Row[] => [
    { ids: [5, vocabSize + 1, 9, 12, vocabSize], prompt: 3, mask: [1, 1, 1, 0, 0] },
    { ids: [7, 8, vocabSize + 1, 30, 31, vocabSize], prompt: 3, mask: [1, 1, 1, 0, 0, 0] },
  ];

  it('have logits of their own, beside those of the vocabulary', async () => {
    const tiny = await tinyModel(folder);
    const { vocabSize } = tiny.model.dimensions;
    const tied = adapterFor(tiny.model, 'adapter', options);
    const untied = adapterFor(tiny.model, 'adapter', { ...options, special_tokens_tied: false });
    const tensors = initialise(tied.parameters, 5);
    const batch = batchOf(rowsOf(vocabSize));
    const both = await fullLogits(tiny, batch, { adapter: tied, tensors });
    const alone = await fullLogits(tiny, batch, { adapter: untied, tensors });
    both.forEach((row, b) => {
      const positions = alone[b]!.length / vocabSize;
      expect(row.length).toBe(positions * (vocabSize + 2));
      for (let t = 0; t < positions; t++) {
        const own = row.slice(t * (vocabSize + 2), (t + 1) * (vocabSize + 2));
        expectClose(own.slice(0, vocabSize), alone[b]!.slice(t * vocabSize, (t + 1) * vocabSize), 1e-6);
        expect(own.slice(vocabSize).every((x) => x !== 0)).toBe(true);
      }
    });
  });

  it('have the gradient of the loss by finite differences', async () => {
    const tiny = await tinyModel(folder);
    const adapter = adapterFor(tiny.model, 'adapter', { ...options, init: 'released' });
    const tensors = new Map(
      [...initialise(adapter.parameters, 5)].map(([name, { shape, data }]) => [
        name,
        tensor(
          'float32',
          shape,
          data.map((x) => 5 * x),
        ),
      ]),
    );
    const batch = batchOf(rowsOf(tiny.model.dimensions.vocabSize));
    const { gradients } = await lossAndGradients(tiny, batch, { adapter, tensors });
    const name = 'special_tokens.weight';
    const weight = floats(tensors.get(name));
    const direction = weight.map((_, i) => Math.cos(1 + 7 * i));
    const at = async (step: number): Promise<number> => {
      const moved = tensor(
        'float32',
        tensors.get(name)!.shape,
        weight.map((x, i) => x + step * direction[i]!),
      );
      const all = new Map([...tensors, [name, moved]]);
      return (await lossAndGradients(tiny, batch, { adapter, tensors: all })).loss;
    };
    const slope = ((await at(2e-3)) - (await at(-2e-3))) / 4e-3;
    const expected = gradients.get(name)!.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    expect(Math.abs(expected)).toBeGreaterThan(1e-3);
    expect(Math.abs(slope - expected)).toBeLessThan(2e-2 * Math.abs(expected));
  });
});
