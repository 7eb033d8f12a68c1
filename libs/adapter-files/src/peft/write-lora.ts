import { tensor } from '@prad/tensor';
import type { AdapterArtefact } from '../adapter-artefact.js';
import { layersOf, moduleOf, type BaseLayout } from '../base-layout.js';
import { FloatTensors, joined, rowsOf, sameBits, transposed, type FloatTensor } from '../float-tensors.js';
import { kindsOf } from '../expected-tensors.js';
import { adapterOptions } from '@prad/adapter-options';
import { inOrderOfModule } from './head-order.js';
import { commonFields } from './peft-config.js';
import type { AdapterFiles } from './peft-method.js';
import { modulesOf, notExpressible, targetNames, type PeftModule } from './peft-modules.js';

/** The options of either method, with the targets that it has by default. */
function lowRankOptions({ method, options }: AdapterArtefact, { modelType }: BaseLayout) {
  if (method === 'dora') {
    const chosen = adapterOptions.dora.parse(options);
    return { ...chosen, targets: kindsOf.dora(chosen) };
  }
  const chosen = adapterOptions.lora.parse(options);
  return { ...chosen, scale_bias: false, targets: kindsOf.lora(chosen, modelType) };
}

type LowRankOptions = ReturnType<typeof lowRankOptions>;

/** A projection's share of a module: A as [r, in], B as [out, r]. */
interface Part {
  readonly a: FloatTensor;
  readonly b: FloatTensor;
  readonly magnitude: FloatTensor | undefined;
}

/** A module of one layer; a projection of it that is not adapted is missing. */
interface ModuleParts {
  readonly module: PeftModule;
  readonly layer: number;
  readonly parts: readonly (Part | undefined)[];
}

/**
 * The projections of a fused module share one A in PEFT's file. Where theirs differ, they are stacked: each different A
 * takes r rows of the module's A, and B has a block for it and zeros elsewhere, which computes the same at a rank
 * that is so many times as large. The file has one rank, so that smaller modules are padded with zeros.
 */
export function writeLora(artefact: AdapterArtefact, layout: BaseLayout): AdapterFiles {
  const options = lowRankOptions(artefact, layout);
  const isDora = artefact.method === 'dora';
  const modules = modulesOf(layout, options.targets);
  if (isDora) refuseInexactDora(options, modules, layout);
  const all = partsOf(artefact, layout, modules, options);
  const stack = Math.max(1, ...all.map(({ parts }) => differentA(parts).length));
  const rank = options.rank * stack;
  const tensors = new Map<string, FloatTensor>();
  for (const { module, layer, parts } of all) {
    const at = `base_model.model.${moduleOf(module, layer)}`;
    const { a, b } = stacked(
      parts,
      module.kinds.map((kind) => layout.sites[kind]?.outFeatures ?? 0),
      rank,
    );
    tensors.set(`${at}.lora_A.weight`, a);
    tensors.set(`${at}.lora_B.weight`, inOrderOfModule(module, layout, b));
    const magnitudes = parts.flatMap((part) => part?.magnitude ?? []);
    if (isDora) {
      tensors.set(`${at}.lora_magnitude_vector`, inOrderOfModule(module, layout, joined(magnitudes)));
    }
  }
  const config = {
    ...commonFields(artefact.baseModel),
    bias: 'none',
    fan_in_fan_out: layout.modelType === 'gpt2',
    init_lora_weights: true,
    layers_to_transform: options.layers ?? null,
    ...scalingFields(options, stack),
    lora_dropout: options.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: rank,
    target_modules: targetNames(layout, modules),
    use_dora: isDora,
  };
  return { config, tensors };
}

/** PEFT's factor is lora_alpha / r, or lora_alpha / sqrt(r). */
function scalingFields({ rank, alpha, scaling }: LowRankOptions, stack: number) {
  if (scaling === 'none') return { lora_alpha: alpha * rank * stack, use_rslora: false };
  if (scaling === 'rank') return { lora_alpha: alpha * stack, use_rslora: false };
  return { lora_alpha: alpha * Math.sqrt(stack), use_rslora: true };
}

function refuseInexactDora(
  { targets, scale_bias }: LowRankOptions,
  modules: readonly PeftModule[],
  { sites }: BaseLayout,
): void {
  const biased = targets.find((kind) => sites[kind]?.bias);
  if (scale_bias && biased !== undefined) {
    throw notExpressible(`scale_bias is true and ${biased} has a bias, which PEFT's DoRA does not scale`);
  }
  const part = modules.find((module) => module.kinds.some((kind) => !targets.includes(kind)));
  if (part) {
    throw notExpressible(
      `of ${part.module} only ${targets.filter((kind) => part.kinds.includes(kind)).join(', ')} is adapted, and PEFT's DoRA takes the whole of it`,
    );
  }
}

function partsOf(
  artefact: AdapterArtefact,
  layout: BaseLayout,
  modules: readonly PeftModule[],
  { rank, targets, layers }: LowRankOptions,
): ModuleParts[] {
  const file = new FloatTensors(artefact.tensors);
  const part = (kind: string, layer: number): Part | undefined => {
    const site = layout.sites[kind];
    if (site === undefined || !targets.includes(kind)) return undefined;
    const name = `${moduleOf(site, layer)}.${artefact.method}`;
    return {
      a: transposed(file.take(`${name}.a`, [site.inFeatures, rank])),
      b: transposed(file.take(`${name}.b`, [rank, site.outFeatures])),
      magnitude: artefact.method === 'dora' ? file.take(`${name}.magnitude`, [site.outFeatures]) : undefined,
    };
  };
  const all = layersOf(layout, layers).flatMap((layer) =>
    modules.map((module) => ({ module, layer, parts: module.kinds.map((kind) => part(kind, layer)) })),
  );
  file.end();
  return all;
}

function differentA(parts: readonly (Part | undefined)[]): FloatTensor[] {
  const found: FloatTensor[] = [];
  for (const part of parts) {
    if (part && !found.some((a) => sameBits(a, part.a))) found.push(part.a);
  }
  return found;
}

/** A [rank, in] and B [sum of sizes, rank] of a module; `sizes` are the projections' output features. */
function stacked(
  parts: readonly (Part | undefined)[],
  sizes: readonly number[],
  rank: number,
): { a: FloatTensor; b: FloatTensor } {
  const blocks = differentA(parts);
  const [own = 0, inFeatures = 0] = blocks[0]?.shape ?? [];
  const padding = rank - own * blocks.length;
  const a = joined([
    ...blocks,
    tensor('float32', [padding, inFeatures], new Float32Array(padding * inFeatures)),
  ]);
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const b = new Float32Array(rows * rank);
  let row = 0;
  parts.forEach((part, index) => {
    const size = sizes[index] ?? 0;
    if (part) {
      const column = own * blocks.findIndex((block) => sameBits(block, part.a));
      for (let i = 0; i < size; i++) b.set(rowsOf(part.b, i, i + 1).data, (row + i) * rank + column);
    }
    row += size;
  });
  return { a, b: tensor('float32', [rows, rank], b) };
}
