import { AppError } from '@prad/errors';
import type { ZodType } from 'zod';
import type { AdapterArtefact } from './adapter-artefact.js';
import type { BaseLayout } from './base-layout.js';
import { expectedTensors, type ExpectedTensors } from './expected-tensors.js';
import { FloatTensors, type FloatTensor } from './float-tensors.js';
import { isAdapterMethodName, adapterOptions, type AdapterMethodName } from '@prad/adapter-options';

/**
 * Holds an artefact against its base: the method is known, its options are complete, and every tensor that they ask for
 * is there in its shape and no other.
 * @throws AppError invalid naming the method, the option or the tensor.
 */
export function fitArtefact(artefact: AdapterArtefact, layout: BaseLayout): AdapterArtefact {
  const { method } = artefact;
  if (!isAdapterMethodName(method)) {
    const known = Object.keys(adapterOptions).join(', ');
    throw invalidOptions(method, `known methods are ${known}`, 'method');
  }
  const { options, expected } = fits[method](artefact.options, layout);
  const file = new FloatTensors(artefact.tensors);
  const tensors = new Map<string, FloatTensor>();
  for (const [name, shape] of expected) tensors.set(name, file.take(name, shape));
  file.end();
  return { ...artefact, options, tensors };
}

type Fit = (
  raw: Readonly<Record<string, unknown>>,
  layout: BaseLayout,
) => { readonly options: Readonly<Record<string, unknown>>; readonly expected: ExpectedTensors };

function fit<O extends Readonly<Record<string, unknown>>>(
  method: AdapterMethodName,
  schema: ZodType<O>,
  shapes: (options: O, layout: BaseLayout) => ExpectedTensors,
): Fit {
  return (raw, layout) => {
    const result = schema.safeParse(raw);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw invalidOptions(method, issue?.message ?? 'not valid', issue?.path.join('.') ?? 'options');
    }
    refuseMisfits(method, result.data, layout);
    refuseProjection(method, result.data);
    return { options: result.data, expected: shapes(result.data, layout) };
  };
}

/** Every method; a new one adds its line here and in the files of options and tensors. */
const fits: Readonly<Record<AdapterMethodName, Fit>> = {
  adapter: fit('adapter', adapterOptions.adapter, expectedTensors.adapter),
  lora: fit('lora', adapterOptions.lora, expectedTensors.lora),
  dora: fit('dora', adapterOptions.dora, expectedTensors.dora),
  prefix: fit('prefix', adapterOptions.prefix, expectedTensors.prefix),
  prompt: fit('prompt', adapterOptions.prompt, expectedTensors.prompt),
  mam: fit('mam', adapterOptions.mam, expectedTensors.mam),
  ia3: fit('ia3', adapterOptions.ia3, expectedTensors.ia3),
};

/**
 * What a base of that layout does not have.
 * @throws AppError invalid `invalid_adapter_options` naming the option.
 */
export function refuseMisfits(method: AdapterMethodName, options: object, layout: BaseLayout): void {
  if ('rank' in options && Number(options.rank) > layout.hiddenSize) {
    const problem = `at most the base's hidden size of ${layout.hiddenSize}, got ${String(options.rank)}`;
    throw invalidOptions(method, problem, 'rank');
  }
  if ('targets' in options && Array.isArray(options.targets)) {
    const missing = options.targets.find((kind: string) => layout.sites[kind] === undefined) as
      string | undefined;
    if (missing !== undefined)
      throw invalidOptions(method, `${layout.modelType} has no ${missing}`, 'targets');
  }
  if ('layers' in options && Array.isArray(options.layers)) {
    const above = options.layers.find((layer: number) => layer >= layout.layers) as number | undefined;
    const last = layout.layers - 1;
    if (above !== undefined)
      throw invalidOptions(method, `the base has layers 0 to ${last}, got ${above}`, 'layers');
  }
}

/** What is kept of a prefix is what its MLP made. */
function refuseProjection(method: AdapterMethodName, options: object): void {
  if ('projection' in options && options.projection === true) {
    throw invalidOptions(method, 'a prefix is kept as its rows, without the projection', 'projection');
  }
}

function invalidOptions(method: string, problem: string, field: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'invalid_adapter_options',
    message: `adapter method ${method}: ${field}: ${problem}`,
    details: { method, field },
  });
}
