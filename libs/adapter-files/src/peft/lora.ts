import type { JsonObject } from '@prad/formats';
import type { Shape } from '@prad/tensor';
import { z } from 'zod';
import { layersOf, moduleOf, type BaseLayout } from '../base-layout.js';
import { joined, rowsOf, transposed, type FloatTensor, type FloatTensors } from '../float-tensors.js';
import { inOrderOfKinds } from './head-order.js';
import { only, moduleNames, readPeftConfig } from './peft-config.js';
import type { ImportedMethod, PeftMethod } from './peft-method.js';
import { targetedModules, unsupported, type PeftModule } from './peft-modules.js';
import { writeLora } from './write-lora.js';

/** Starts that change the base's weights as well, such as PiSSA's, would need a base of their own. */
const plainStarts = [true, false, 'gaussian', 'orthogonal', 'eva'] as const;

const fields = {
  r: z.int().min(1).max(4096),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).default(0),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: only('none', 'the base keeps its biases').default('none'),
  target_modules: moduleNames,
  layers_to_transform: z.union([z.int().min(0), z.array(z.int().min(0)).max(10_000)]).nullish(),
  // Says how the base stores a weight, which its architecture says too.
  fan_in_fan_out: z.boolean().default(false),
  init_lora_weights: z
    .literal(plainStarts, { error: 'only a start that leaves the base as it is, such as true, is supported' })
    .nullish(),
};

/** LoRA and DoRA: A [r, in] and B [out, r] at each module; of a fused module B's rows are those of its projections. */
export const lora: PeftMethod = {
  methods: ['lora', 'dora'],
  actsOnPromptAlone: false,
  read,
  write: writeLora,
};

function read(json: JsonObject, file: FloatTensors, layout: BaseLayout): ImportedMethod {
  const config = readPeftConfig(json, fields);
  const within = layersToTransform(config, layout);
  const { modules, layers } = targetedModules(layout, config.target_modules, 'target_modules', within);
  const method = config.use_dora ? 'dora' : 'lora';
  const tensors = new Map<string, FloatTensor>();
  for (const layer of layersOf(layout, layers)) {
    for (const module of modules) {
      for (const [name, value] of readModule(file, layout, module, layer, config.r, config.use_dora)) {
        tensors.set(name, value);
      }
    }
  }
  const options = {
    rank: config.r,
    alpha: config.lora_alpha,
    scaling: config.use_rslora ? 'rslora' : 'rank',
    targets: modules.flatMap(({ kinds }) => kinds),
    ...(layers && { layers }),
    dropout: config.lora_dropout,
    dropout_at: 'input',
    ...(config.use_dora && { detach_norm: true, scale_bias: false }),
  };
  return { method, options, tensors };
}

/** The layers that the config chooses, each once and in order. */
function layersToTransform(
  { layers_to_transform: chosen }: { readonly layers_to_transform?: number | number[] | null | undefined },
  layout: BaseLayout,
): readonly number[] {
  const layers = typeof chosen === 'number' ? [chosen] : (chosen ?? []);
  if (layers.length === 0) return layersOf(layout);
  const above = layers.find((layer) => layer >= layout.layers);
  if (above === undefined) return [...new Set(layers)].sort((a, b) => a - b);
  throw unsupported('layers_to_transform', `the base has layers 0 to ${layout.layers - 1}, got ${above}`);
}

function* readModule(
  file: FloatTensors,
  layout: BaseLayout,
  module: PeftModule,
  layer: number,
  rank: number,
  isDora: boolean,
): Generator<[string, FloatTensor]> {
  const parts = module.kinds.flatMap((kind) => layout.sites[kind] ?? []);
  const at = `base_model.model.${moduleOf(module, layer)}`;
  const out = parts.reduce((sum, { outFeatures }) => sum + outFeatures, 0);
  const a = file.take(`${at}.lora_A.weight`, [rank, parts[0]?.inFeatures ?? 0]);
  const rows = (name: string, shape: Shape): FloatTensor =>
    inOrderOfKinds(module, layout, file.take(`${at}.${name}`, shape));
  const b = rows('lora_B.weight', [out, rank]);
  const magnitude = isDora ? rows('lora_magnitude_vector', [out]) : undefined;
  let begin = 0;
  for (const site of parts) {
    const end = begin + site.outFeatures;
    const name = `${moduleOf(site, layer)}.${isDora ? 'dora' : 'lora'}`;
    yield [`${name}.a`, transposed(a)];
    yield [`${name}.b`, transposed(rowsOf(b, begin, end))];
    if (magnitude) yield [`${name}.magnitude`, joined([rowsOf(magnitude, begin, end)])];
    begin = end;
  }
}
