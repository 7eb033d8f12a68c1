import { tensor, type HostTensor, type Shape } from '@prad/tensor';
import type { AdapterArtefact } from '../src/adapter-artefact.js';
import type { AdapterFiles } from '../src/peft/peft-method.js';

/** Values that differ from each other and from one seed to the next. */
export function values(shape: Shape, seed = 1): Float32Array {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(seed * 12.9 + i * 1.7)));
}

export function filled(shapes: Readonly<Record<string, Shape>>): ReadonlyMap<string, HostTensor> {
  return new Map(
    Object.entries(shapes).map(([name, shape], i) => [name, tensor('float32', shape, values(shape, i + 1))]),
  );
}

/** Files as PEFT writes them for a LoRA of rank 2 at q_proj and v_proj of the LLaMA layout. */
export function llamaLora(changes: Readonly<Record<string, unknown>> = {}): AdapterFiles {
  const at = (layer: number, name: string) =>
    `base_model.model.model.layers.${layer}.self_attn.${name}.weight`;
  const layers = [0, 1].flatMap((layer): [string, Shape][] => [
    [at(layer, 'q_proj.lora_A'), [2, 4]],
    [at(layer, 'q_proj.lora_B'), [4, 2]],
    [at(layer, 'v_proj.lora_A'), [2, 4]],
    [at(layer, 'v_proj.lora_B'), [2, 2]],
  ]);
  const config = {
    ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', peft_version: '0.21.2', r: 2, lora_alpha: 6 },
    ...{ lora_dropout: 0.1, bias: 'none', use_dora: false, use_rslora: false, modules_to_save: null },
    ...{ fan_in_fan_out: false, rank_pattern: {}, alpha_pattern: {}, target_modules: ['q_proj', 'v_proj'] },
    ...{ megatron_core: 'megatron.core', qalora_group_size: 16, init_lora_weights: true, loftq_config: {} },
  };
  return { config: { ...config, ...changes }, tensors: filled(Object.fromEntries(layers)) };
}

/** An artefact of ours with tensors of these shapes. */
export function artefactOf(
  method: string,
  options: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape>>,
): AdapterArtefact {
  return {
    ...{ method, options, scope: 'prompt', baseDigest: 'd'.repeat(64), baseModel: 'tiny' },
    tensors: filled(shapes),
  };
}

export function floats(tensors: ReadonlyMap<string, HostTensor>, name: string): number[] {
  const found = tensors.get(name);
  if (found?.dtype !== 'float32') throw new Error(`no floats ${name}`);
  return [...found.data];
}

export function named(tensors: ReadonlyMap<string, HostTensor>, name: string): HostTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`no tensor ${name}`);
  return found;
}
