import type { JsonObject } from '@prad/formats';
import { tensor } from '@prad/tensor';
import { z } from 'zod';
import type { AdapterArtefact } from '../adapter-artefact.js';
import { layersOf, moduleOf, type BaseLayout, type SiteLayout } from '../base-layout.js';
import { FloatTensors, joined, rowsOf, type FloatTensor } from '../float-tensors.js';
import { inOrderOfKinds, inOrderOfModule } from './head-order.js';
import { commonFields, moduleNames, readPeftConfig } from './peft-config.js';
import type { AdapterFiles, ImportedMethod, PeftMethod } from './peft-method.js';
import { modulesOf, targetedModules, targetNames, unsupported, type PeftModule } from './peft-modules.js';

const fields = {
  target_modules: moduleNames,
  feedforward_modules: moduleNames.or(z.array(z.never()).length(0)).nullish(),
  fan_in_fan_out: z.boolean().default(false),
};

const ia3Options = z.object({ targets: z.array(z.string()), layers: z.array(z.number()).optional() });

/** The projection whose input is scaled instead of its output. */
const INPUT_SCALED = 'down_proj';
const isInputScaled = ({ kinds }: PeftModule): boolean => kinds.includes(INPUT_SCALED);

/** IA3: a vector [out, 1] that scales a module's output, or [1, in] that scales a feed-forward module's input. */
export const ia3: PeftMethod = { methods: ['ia3'], actsOnPromptAlone: false, read, write };

function read(json: JsonObject, file: FloatTensors, layout: BaseLayout): ImportedMethod {
  const config = readPeftConfig(json, fields);
  const { modules, layers } = targetedModules(layout, config.target_modules, 'target_modules');
  checkFeedForward(layout, modules, config.feedforward_modules ?? []);
  const tensors = new Map<string, FloatTensor>();
  for (const layer of layersOf(layout, layers)) {
    for (const module of modules) {
      const sites = module.kinds.flatMap((kind) => layout.sites[kind] ?? []);
      const sizes = sites.map((site) => sizeOf(module, site));
      const length = sizes.reduce((sum, size) => sum + size, 0);
      const values = file.take(nameOf(module, layer), isInputScaled(module) ? [1, length] : [length, 1]);
      const vector = inOrderOfKinds(module, layout, tensor('float32', [length], values.data));
      let begin = 0;
      sites.forEach((site, index) => {
        const end = begin + (sizes[index] ?? 0);
        tensors.set(`${moduleOf(site, layer)}.ia3.scale`, joined([rowsOf(vector, begin, end)]));
        begin = end;
      });
    }
  }
  const targets = modules.flatMap(({ kinds }) => kinds);
  return { method: 'ia3', options: { targets, ...(layers && { layers }) }, tensors };
}

/** Which end of a projection is scaled is fixed here: the input of down_proj, the output of all others. */
function checkFeedForward(
  layout: BaseLayout,
  modules: readonly PeftModule[],
  names: readonly string[],
): void {
  const field = 'feedforward_modules';
  const inputs = names.length === 0 ? [] : targetedModules(layout, names, field).modules;
  const isInput = ({ module }: PeftModule): boolean => inputs.some((input) => input.module === module);
  if (modules.every((module) => isInput(module) === isInputScaled(module))) return;
  throw unsupported(
    field,
    `the input of ${INPUT_SCALED} is scaled and the output of all others, got ${JSON.stringify(names)}`,
  );
}

function sizeOf(module: PeftModule, { inFeatures, outFeatures }: SiteLayout): number {
  return isInputScaled(module) ? inFeatures : outFeatures;
}

function nameOf({ module }: PeftModule, layer: number): string {
  return `base_model.model.${moduleOf({ module }, layer)}.ia3_l`;
}

/** Projections of a fused module that are not adapted are scaled by 1. */
function write(artefact: AdapterArtefact, layout: BaseLayout): AdapterFiles {
  const { targets: kinds, layers } = ia3Options.parse(artefact.options);
  const targets = new Set(kinds);
  const modules = modulesOf(layout, [...targets]);
  const file = new FloatTensors(artefact.tensors);
  const tensors = new Map<string, FloatTensor>();
  for (const layer of layersOf(layout, layers)) {
    for (const module of modules) {
      const parts = module.kinds.flatMap((kind) => {
        const site = layout.sites[kind];
        if (site === undefined) return [];
        const size = sizeOf(module, site);
        const ones = tensor('float32', [size], new Float32Array(size).fill(1));
        return targets.has(kind) ? file.take(`${moduleOf(site, layer)}.ia3.scale`, [size]) : ones;
      });
      const { data } = inOrderOfModule(module, layout, joined(parts));
      const shape = isInputScaled(module) ? [1, data.length] : [data.length, 1];
      tensors.set(nameOf(module, layer), tensor('float32', shape, data));
    }
  }
  file.end();
  // IA3 has no field of layers; whole paths say as much.
  const paths = (of: readonly PeftModule[]): string[] =>
    layersOf(layout, layers).flatMap((layer) => of.map((module) => moduleOf(module, layer)));
  const names = (of: readonly PeftModule[]): string[] => (layers ? paths(of) : targetNames(layout, of));
  const config = {
    ...commonFields(artefact.baseModel),
    fan_in_fan_out: layout.modelType === 'gpt2',
    feedforward_modules: names(modules.filter(isInputScaled)),
    init_ia3_weights: true,
    modules_to_save: null,
    peft_type: 'IA3',
    target_modules: names(modules),
  };
  return { config, tensors };
}
