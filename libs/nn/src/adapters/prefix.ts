import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import { add, tanh } from '@prad/graph';
import type { LanguageModel } from '../architectures/architecture.js';
import type { ParameterSpec } from '../random/initialise.js';
import { kaimingUniform } from '../random/initialise.js';
import type { AdapterMethod, PrefixPart } from './adapter-method.js';
import { affine } from './affine.js';
import { releasedInit, zerosInit } from './options.js';

interface PrefixOptions {
  readonly length: number;
  readonly projection: boolean;
  readonly projection_size: number;
  readonly dropout: number;
}

/** Prefix tuning: trained keys and values in front of every row, in every layer. There is nothing to mask. */
export const prefix: AdapterMethod<OptionsOf<'prefix'>> = {
  name: 'prefix',
  options: adapterOptions.prefix,
  parts: (model, chosen) => ({ prefix: prefixPart(model, chosen) }),
};

/** The prefix of a model. */
export function prefixPart({ dimensions }: LanguageModel, chosen: PrefixOptions): PrefixPart {
  const { length, projection, projection_size: inner, dropout } = chosen;
  const { layers, kvHeads, headDim } = dimensions;
  const width = 2 * layers * kvHeads * headDim;
  return {
    length,
    projected: projection,
    dropout,
    parameters: projection
      ? mlp(length, width, inner)
      : [{ name: 'weight', shape: [length, width], init: releasedInit }],
    serve: (at, trained) => {
      if (!projection) return trained('weight');
      const hidden = affine(
        at.at('down'),
        trained('embedding.weight'),
        trained('down.weight'),
        trained('down.bias'),
      );
      const made = affine(at.at('up'), tanh(at, hidden), trained('up.weight'));
      return add(at, made, trained('up.bias'));
    },
  };
}

function mlp(length: number, width: number, inner: number): ParameterSpec[] {
  return [
    { name: 'embedding.weight', shape: [length, width], init: releasedInit },
    { name: 'down.weight', shape: [width, inner], init: kaimingUniform(width) },
    { name: 'down.bias', shape: [inner], init: zerosInit },
    { name: 'up.weight', shape: [inner, width], init: kaimingUniform(inner) },
    { name: 'up.bias', shape: [width], init: zerosInit },
  ];
}
