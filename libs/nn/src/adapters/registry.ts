import { AppError } from '@prad/errors';
import { elementCount } from '@prad/tensor';
import type { LanguageModel } from '../architectures/architecture.js';
import type { Site } from '../architectures/site.js';
import type { ParameterSpec } from '../random/initialise.js';
import {
  adapterTensorName,
  type AdapterFamily,
  type AdapterMethod,
  type AdapterOptions,
} from './adapter-method.js';
import { adapter } from './adapter.js';
import { lora } from './lora.js';

/** A method with its options, fitted to a model: what is trained, stored and served. */
export interface ModelAdapter {
  readonly family: AdapterFamily;
  /** All options, defaults filled in; plain JSON that makes the same adapter again. */
  readonly options: AdapterOptions;
  /** Where it attaches. */
  readonly sites: readonly Site[];
  /** Its tensors under their full names, with start values. */
  readonly parameters: readonly ParameterSpec[];
}

function fit<O extends AdapterOptions>(
  method: AdapterMethod<O>,
  model: LanguageModel,
  raw: unknown,
): ModelAdapter {
  const result = method.options.safeParse(raw);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'options'}: ${message}`,
    );
    throw invalidOptions(method.name, problems.join('; '), result.error.issues[0]?.path.join('.'));
  }
  const options = result.data;
  const { hiddenSize } = model.dimensions;
  if (options.rank > hiddenSize) {
    throw invalidOptions(
      method.name,
      `rank: at most the model's hidden size of ${hiddenSize}, got ${options.rank}`,
      'rank',
    );
  }
  const sites = method.targets(model, options);
  const missing = untargeted(options, sites);
  if (sites.length === 0 || missing.length > 0) {
    throw invalidOptions(method.name, `targets: ${model.modelType} has no ${missing.join(', ')}`, 'targets');
  }
  const parameters = sites.flatMap((site) =>
    method.parameters(site, options).map((spec) => ({
      name: adapterTensorName(site, method, spec.name),
      shape: spec.shape,
      init: spec.init,
    })),
  );
  return { family: method, options, sites, parameters };
}

/** Kinds that were asked for and that the model does not have. */
function untargeted(options: AdapterOptions, sites: readonly Site[]): string[] {
  const asked = 'targets' in options && Array.isArray(options.targets) ? options.targets : [];
  return asked.filter((kind) => !sites.some((site) => site.kind === kind)).map(String);
}

function invalidOptions(method: string, problem: string, field: string | undefined): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'invalid_adapter_options',
    message: `adapter method ${method}: ${problem}`,
    details: { method, field },
  });
}

/** Every adapter method; a new one adds its line. */
const methods: Readonly<Record<string, (model: LanguageModel, options: unknown) => ModelAdapter>> = {
  adapter: (model, options) => fit(adapter, model, options),
  lora: (model, options) => fit(lora, model, options),
};

/** The names of the methods, in the order in which a bank holds them. */
export const adapterMethodNames: readonly string[] = Object.keys(methods);

/**
 * The adapter that a method and its options (as JSON) make for a model.
 * @throws AppError invalid `unknown_adapter_method` or `invalid_adapter_options`, naming the field.
 */
export function adapterFor(model: LanguageModel, method: string, options: unknown): ModelAdapter {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!found) {
    throw new AppError({
      kind: 'invalid',
      code: 'unknown_adapter_method',
      message: `unknown adapter method ${JSON.stringify(method)}; known are ${adapterMethodNames.join(', ')}`,
      details: { method },
    });
  }
  return found(model, options);
}

/** How many numbers a model or an adapter consists of. */
export function parameterCount({ parameters }: { readonly parameters: readonly ParameterSpec[] }): number {
  return parameters.reduce((count, { shape }) => count + elementCount(shape), 0);
}
