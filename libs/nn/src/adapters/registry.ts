import { AppError } from '@prad/errors';
import { elementCount } from '@prad/tensor';
import type { LanguageModel } from '../architectures/architecture.js';
import type { ParameterSpec } from '../random/initialise.js';
import type { AdapterMethod, AdapterOptions, PrefixPart, SitePart, VirtualTokens } from './adapter-method.js';
import { adapter } from './adapter.js';
import { dora } from './dora.js';
import { ia3 } from './ia3.js';
import { lora } from './lora.js';
import { mam } from './mam.js';
import { badOption, releasedInit } from './options.js';
import { prefix } from './prefix.js';
import { prompt } from './prompt.js';
import { partTensorName } from './tensor-names.js';

/** A method with its options, fitted to a model: what is trained, stored and served. */
export interface ModelAdapter {
  readonly method: string;
  /** All options, defaults filled in; plain JSON that makes the same adapter again. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What it does at sites. */
  readonly parts: readonly SitePart[];
  readonly prefix: PrefixPart | undefined;
  readonly virtualTokens: VirtualTokens | undefined;
  /** Its trained tensors under their full names, with start values. */
  readonly parameters: readonly ParameterSpec[];
}

function fit<O extends AdapterOptions>(
  method: AdapterMethod<O>,
  model: LanguageModel,
  raw: unknown,
): ModelAdapter {
  const options = parsed(method, raw);
  const { sites: parts = [], prefix: front, softTokens = [] } = method.parts(model, options);
  const virtualTokens = virtualTokensOf(method.name, model, options, softTokens);
  return {
    method: method.name,
    options: Object.fromEntries(Object.entries(options)),
    parts,
    prefix: front,
    virtualTokens,
    parameters: [
      ...parts.flatMap((part) =>
        part.sites.flatMap((site) =>
          part
            .parameters(site)
            .map((spec) => ({ ...spec, name: partTensorName(site, part.name, spec.name) })),
        ),
      ),
      ...(front?.parameters ?? []).map((spec) => ({ ...spec, name: `prefix.${spec.name}` })),
      ...(virtualTokens?.parameters ?? []),
    ],
  };
}

function parsed<O extends AdapterOptions>(method: AdapterMethod<O>, raw: unknown): O {
  const result = method.options.safeParse(raw);
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues.map(({ path, message }) => ({
    field: path.join('.') || 'options',
    message,
  }));
  const more = others.map(({ field, message }) => `; ${field}: ${message}`).join('');
  throw badOption(method.name, first?.field ?? 'options', `${first?.message ?? ''}${more}`);
}

/** Special tokens come first, soft tokens after them. */
function virtualTokensOf(
  method: string,
  { dimensions }: LanguageModel,
  { special_tokens: special, special_tokens_tied: tied }: AdapterOptions,
  softTokens: readonly ParameterSpec[],
): VirtualTokens | undefined {
  if (tied && special.length === 0) {
    throw badOption(method, 'special_tokens_tied', 'needs special_tokens, whose first one ends the answer');
  }
  const rows = special.length;
  const specialRows: ParameterSpec[] =
    rows === 0
      ? []
      : [{ name: 'special_tokens.weight', shape: [rows, dimensions.hiddenSize], init: releasedInit }];
  const parameters = [...specialRows, ...softTokens];
  if (parameters.length === 0) return undefined;
  const inFront = softTokens.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return { special, inFront, tied, parameters };
}

/** Every adapter method; a new one adds its line. */
const methods: Readonly<Record<string, (model: LanguageModel, options: unknown) => ModelAdapter>> = {
  adapter: (model, options) => fit(adapter, model, options),
  lora: (model, options) => fit(lora, model, options),
  dora: (model, options) => fit(dora, model, options),
  prefix: (model, options) => fit(prefix, model, options),
  prompt: (model, options) => fit(prompt, model, options),
  mam: (model, options) => fit(mam, model, options),
  ia3: (model, options) => fit(ia3, model, options),
};

/** The names of the methods. */
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
