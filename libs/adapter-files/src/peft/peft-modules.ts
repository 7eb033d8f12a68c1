import { AppError } from '@prad/errors';
import { layersOf, moduleOf, type BaseLayout } from '../base-layout.js';

/** A module as PEFT sees it, with the kinds of places that it is here: one, or several side by side in its output. */
export interface PeftModule {
  /** With `*` for the layer's number. */
  readonly module: string;
  readonly kinds: readonly string[];
  /** Whether its output holds a head of each projection after the other, and not each projection as a whole. */
  readonly byHead?: boolean;
}

/** Modules that hold several projections. */
const fused: Readonly<Record<string, readonly PeftModule[]>> = {
  gpt2: [{ module: 'transformer.h.*.attn.c_attn', kinds: ['q_proj', 'k_proj', 'v_proj'] }],
  gpt_neox: [
    {
      module: 'gpt_neox.layers.*.attention.query_key_value',
      kinds: ['q_proj', 'k_proj', 'v_proj'],
      byHead: true,
    },
  ],
  phi3: [
    { module: 'model.layers.*.self_attn.qkv_proj', kinds: ['q_proj', 'k_proj', 'v_proj'] },
    { module: 'model.layers.*.mlp.gate_up_proj', kinds: ['gate_proj', 'up_proj'] },
  ],
};

/** The base's projections as PEFT's modules, fused ones as one. */
export function peftModules({ modelType, sites }: BaseLayout): readonly PeftModule[] {
  const whole = fused[modelType] ?? [];
  const single = Object.entries(sites)
    .filter(([, { weight }]) => weight)
    .map(([kind, { module }]) => ({ module, kinds: [kind] }));
  return [...whole, ...single];
}

/** Modules, in the same layers each. */
export interface Targeted {
  readonly modules: readonly PeftModule[];
  /** Counted from 0; undefined for all. */
  readonly layers: readonly number[] | undefined;
}

/**
 * The modules that a list of names targets in the layers of `within`: a name is the end of a module's path, from a dot on.
 * @throws AppError invalid naming the field, for a name that is the end of none, or modules that differ in their layers.
 */
export function targetedModules(
  layout: BaseLayout,
  names: readonly string[],
  field: string,
  within = layersOf(layout),
): Targeted {
  const modules = peftModules(layout);
  const layers = layersOf(layout);
  const hits = (name: string, module: string): boolean => module === name || module.endsWith(`.${name}`);
  for (const name of names) {
    if (modules.some((module) => layers.some((layer) => hits(name, moduleOf(module, layer))))) continue;
    throw unsupported(
      field,
      `${JSON.stringify(name)} is no projection of ${layout.modelType}, whose modules are ${modules.map(({ module }) => module).join(', ')}`,
    );
  }
  const found = modules
    .map((module) => {
      const isHit = (layer: number): boolean => names.some((name) => hits(name, moduleOf(module, layer)));
      return { module, layers: within.filter(isHit) };
    })
    .filter(({ layers: hit }) => hit.length > 0);
  const [first] = found;
  const odd = found.find((other) => other.layers.join() !== first?.layers.join());
  if (first === undefined || odd) {
    throw unsupported(
      field,
      `${odd?.module.module ?? 'every module'} must be targeted in the same layers as the others`,
    );
  }
  return {
    modules: found.map(({ module }) => module),
    layers: first.layers.length < layout.layers ? first.layers : undefined,
  };
}

/**
 * The modules that hold the projections of these kinds.
 * @throws AppError conflict `not_expressible` for a projection that is in none.
 */
export function modulesOf(layout: BaseLayout, kinds: readonly string[]): readonly PeftModule[] {
  const modules = peftModules(layout).filter((module) => module.kinds.some((kind) => kinds.includes(kind)));
  const missing = kinds.find((kind) => !modules.some((module) => module.kinds.includes(kind)));
  if (missing !== undefined)
    throw notExpressible(`${layout.modelType} keeps ${missing} in no module that it can adapt`);
  return modules;
}

/** The shortest names that target the modules and no others, sorted. */
export function targetNames(layout: BaseLayout, modules: readonly PeftModule[]): string[] {
  const others = peftModules(layout).filter(({ module }) => !modules.some((own) => own.module === module));
  const names = modules.map(({ module }) => {
    const parts = module.split('.');
    const suffixes = parts.map((_, index) => parts.slice(-1 - index).join('.'));
    const unique = suffixes.find((name) => !others.some((other) => other.module.endsWith(`.${name}`)));
    return unique ?? module;
  });
  return [...new Set(names)].sort();
}

/** A field of adapter_config.json whose value is not supported. */
export function unsupported(field: string, problem: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'unsupported_adapter_config',
    message: `adapter_config.json: \`${field}\`: ${problem}`,
    details: { field },
  });
}

/** An adapter that PEFT's files cannot hold. */
export function notExpressible(reason: string): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'not_expressible',
    message: `PEFT has no form of this adapter that computes the same: ${reason}`,
  });
}
