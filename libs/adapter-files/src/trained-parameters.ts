import { adapterOptions, isAdapterMethodName, type AdapterMethodName } from '@prad/adapter-options';
import { AppError } from '@prad/errors';
import type { BaseLayout } from './base-layout.js';
import { expectedTensors, type ExpectedTensors } from './expected-tensors.js';

/**
 * How many numbers a training with these options trains on a base of that layout: those of the artefact, and of a
 * re-parametrised prefix the MLP that makes it, in place of its rows.
 * @throws AppError invalid for an unknown method.
 */
export function trainedParameterCount(method: string, options: unknown, layout: BaseLayout): number {
  if (isAdapterMethodName(method)) return counts[method](options, layout);
  throw new AppError({
    kind: 'invalid',
    code: 'unknown_adapter_method',
    message: `unknown adapter method ${JSON.stringify(method)}; known are ${Object.keys(counts).join(', ')}`,
  });
}

type Count = (options: unknown, layout: BaseLayout) => number;

/** Every method; a new one adds its line. */
const counts: Readonly<Record<AdapterMethodName, Count>> = {
  adapter: (raw, layout) => sizeOf(expectedTensors.adapter(adapterOptions.adapter.parse(raw), layout)),
  lora: (raw, layout) => sizeOf(expectedTensors.lora(adapterOptions.lora.parse(raw), layout)),
  dora: (raw, layout) => sizeOf(expectedTensors.dora(adapterOptions.dora.parse(raw), layout)),
  prompt: (raw, layout) => sizeOf(expectedTensors.prompt(adapterOptions.prompt.parse(raw), layout)),
  ia3: (raw, layout) => sizeOf(expectedTensors.ia3(adapterOptions.ia3.parse(raw), layout)),
  prefix: (raw, layout) => {
    const options = adapterOptions.prefix.parse(raw);
    return sizeOf(expectedTensors.prefix(options, layout)) + projectionSize(options, layout);
  },
  mam: (raw, layout) => {
    const options = adapterOptions.mam.parse(raw);
    return sizeOf(expectedTensors.mam(options, layout)) + projectionSize(options, layout);
  },
};

/** What the MLP has besides the rows: its embedding is as large as they are. */
function projectionSize(
  { projection, projection_size: inner }: { readonly projection: boolean; readonly projection_size: number },
  { layers, kvHeads, headDim }: BaseLayout,
): number {
  const width = 2 * layers * kvHeads * headDim;
  return projection ? 2 * width * inner + inner + width : 0;
}

function sizeOf(tensors: ExpectedTensors): number {
  return [...tensors.values()].reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
}
