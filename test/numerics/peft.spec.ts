import { readFileSync, readdirSync } from 'node:fs';
import {
  decodeAdapterFolder,
  encodeAdapterFolder,
  readAdapterFolder,
  writeAdapterFolder,
  type AdapterArtefact,
  type AdapterBase,
  type AdapterFolderBytes,
} from '@prad/adapter-files';
import { layoutOf } from '@prad/models';
import { adapterFor, adapterMethodNames, initialise, type LanguageModel } from '@prad/nn';
import { describe, expect, it } from 'vitest';
import { batchOf, fullLogits } from './nn/full-run.js';
import {
  floats,
  int64,
  named,
  referenceAdapter,
  referenceTensors,
  tinyModel,
  type TinyModel,
} from './nn/reference.js';

const folder = new URL('../reference/peft', import.meta.url).pathname;
const samples = readdirSync(folder);
const families = ['llama', 'gpt2'];

function bytesOf(sample: string): AdapterFolderBytes {
  const file = (name: string) => readFileSync(`${folder}/${sample}/${name}`);
  return { config: file('adapter_config.json'), weights: file('adapter_model.safetensors') };
}

function baseOf(model: LanguageModel): AdapterBase {
  return { name: 'tiny', digest: 'd'.repeat(64), layout: layoutOf(model) };
}

/** Logits [T, V] of rows of one length, the adapter acting on all positions. */
async function logitsOf(tiny: TinyModel, { method, options, tensors }: AdapterArtefact, rows: number[][]) {
  const adapter = adapterFor(tiny.model, method, options);
  return fullLogits(tiny, batchOf(rows.map((ids) => ({ ids }))), { adapter, tensors });
}

function largestGap(left: readonly Float32Array[], right: Float32Array): number {
  const flat = left.flatMap((row) => [...row]);
  expect(flat.length).toBe(right.length);
  return Math.max(...flat.map((value, i) => Math.abs(value - right[i]!)));
}

describe.each(samples)('PEFT’s %s', (sample) => {
  const family = sample.slice(sample.lastIndexOf('-') + 1);

  it('is exported as it was imported, byte for byte', async () => {
    const bytes = bytesOf(sample);
    const base = baseOf((await tinyModel(family)).model);
    const artefact = readAdapterFolder(await decodeAdapterFolder(bytes), base);
    const back = encodeAdapterFolder(writeAdapterFolder(artefact, base.layout, 'peft'));
    expect(Buffer.compare(back.weights, bytes.weights)).toBe(0);
    const json = (config: Uint8Array): unknown => JSON.parse(Buffer.from(config).toString());
    expect(json(back.config)).toEqual(json(bytes.config));
  });

  it('computes here what it computes there', async () => {
    const tiny = await tinyModel(family);
    const files = await decodeAdapterFolder(bytesOf(sample));
    const artefact = readAdapterFolder(files, baseOf(tiny.model), 'all');
    const expected = await referenceTensors(`peft/${sample}/expected.safetensors`);
    const ids = named(expected, 'input_ids');
    const [count = 0, length = 0] = ids.shape;
    const rows = Array.from({ length: count }, (_, b) => int64(ids).slice(b * length, (b + 1) * length));
    const found = await logitsOf(tiny, artefact, rows);
    expect(largestGap(found, floats(named(expected, 'logits')))).toBeLessThan(1e-4);
  });
});

/** Adapters of ours that PEFT has a form of; GPT-2's LoRA of queries and values has an A for each. */
const exported = ['lora-qv', 'lora-rank', 'lora-rslora', 'ia3', 'prefix', 'prompt'];

describe.each(families.flatMap((family) => exported.map((name) => [family, name] as const)))(
  'our %s/%s',
  (family, name) => {
    it('computes the same when PEFT’s form of it is imported again', async () => {
      const tiny = await tinyModel(family);
      const base = baseOf(tiny.model);
      const artefact = await artefactOf(tiny, base, name);
      const bytes = encodeAdapterFolder(writeAdapterFolder(artefact, base.layout, 'peft'));
      const again = readAdapterFolder(await decodeAdapterFolder(bytes), base);
      const rows = [[0, 5, 17, 33, 60, 4]];
      const [own = new Float32Array(0)] = await logitsOf(tiny, artefact, rows);
      expect(largestGap(await logitsOf(tiny, again, rows), own)).toBeLessThan(1e-5);
    });
  },
);

async function artefactOf(tiny: TinyModel, base: AdapterBase, name: string): Promise<AdapterArtefact> {
  const { adapter, tensors } = await referenceAdapter(tiny, name);
  return {
    ...{ method: adapter.method, options: adapter.options, scope: 'prompt', tensors },
    ...{ baseDigest: base.digest, baseModel: base.name },
  };
}

/** Options that decide on tensors; the others take their defaults. */
const variants: Readonly<Record<string, readonly object[]>> = {
  adapter: [
    { rank: 3, scale: 'learnable', site: 'both', layer_norm: 'in' },
    { site: 'attention', layer_norm: 'out' },
  ],
  lora: [{ rank: 2, targets: ['o_proj', 'down_proj', 'up_proj'] }, { special_tokens: ['<a>', '<b>'] }],
  dora: [{ targets: ['k_proj', 'down_proj'], layers: [1] }],
  prefix: [{ length: 2, special_tokens: ['<a>'] }],
  prompt: [{ length: 2, special_tokens: ['<a>'] }],
  mam: [{ prefix_length: 3, rank: 2, layers: [0] }],
  ia3: [{ targets: ['q_proj', 'o_proj'] }, { layers: [1] }],
};

describe.each(families)('the files of every method on %s', (family) => {
  it('has variants of all', () => {
    expect(Object.keys(variants).sort()).toEqual([...adapterMethodNames].sort());
  });

  it.each(adapterMethodNames)('have the options and tensors that nn asks for: %s', async (method) => {
    const { model } = await tinyModel(family);
    const base = baseOf(model);
    for (const options of [{}, ...(variants[method] ?? [])]) {
      const adapter = adapterFor(model, method, options);
      const artefact = {
        ...{ method, options: options as Record<string, unknown>, scope: 'prompt', baseDigest: base.digest },
        ...{ baseModel: base.name, tensors: initialise(adapter.parameters, 1) },
      };
      const again = readAdapterFolder(writeAdapterFolder(artefact, base.layout, 'prad'), base);
      expect(again.options).toEqual(adapter.options);
      expect(again.tensors).toEqual(artefact.tensors);
    }
  });
});
