import type { ZodType } from 'zod';
import type { Architecture } from './architecture.js';
import { allDecoderSites, decoderParameters, type Decoder } from './decoder-config.js';
import { decoderForward, decoderHead } from './decoder.js';

/** A family that is a `Decoder`: its config.json and what the fields mean. */
export function decoderArchitecture<C>(
  modelType: string,
  config: ZodType<C>,
  decoder: (config: C) => Decoder,
): Architecture<C> {
  return {
    modelType,
    config,
    dimensions: (c) => decoder(c).dimensions,
    parameters: (c) => decoderParameters(decoder(c)),
    sites: (c) => allDecoderSites(decoder(c)),
    forward: (at, c, context) => decoderForward(at, decoder(c), context),
    head: (at, c, context, hidden) => decoderHead(at, decoder(c), context, hidden),
  };
}
