import { encodeOnnx, type Graph } from '@prad/graph';
import { openQuantised, type BaseModel } from '@prad/models';
import type { QuantisedCopy } from '@prad/nn';
import { Session, type SessionOptions } from '@prad/runtime';
import { quantisedBitsOf, type DecodeWeights, type PrefillWeights } from './decode-weights.js';
import { baseGraph } from './model-graphs.js';
import { deviceOptions } from './on-device.js';

/** The base model alone, loaded. */
export interface BaseSessions {
  readonly decode: Session;
  /** What `decode` was made of. */
  readonly decodeGraph: Graph;
  /** Reads prompts; the session that decodes, where that has the same weights. */
  readonly prompts: Session;
  /** The copy that prompts are read with; undefined for the weights as they are. */
  readonly promptCopy: QuantisedCopy | undefined;
}

export interface BaseSessionOptions extends Pick<SessionOptions, 'intraOpThreads' | 'device'> {
  readonly decodeWeights: DecodeWeights;
  readonly prefillWeights: PrefillWeights;
}

/** @throws AppError conflict `no_quantised_copy` where the model lacks the weights to decode with. */
export async function openBaseSessions(
  model: BaseModel,
  capacity: number,
  { decodeWeights, prefillWeights, intraOpThreads, device }: BaseSessionOptions,
): Promise<BaseSessions> {
  const bits = quantisedBitsOf[decodeWeights];
  const embeddings = prefillWeights === 'decode';
  const copy = bits === undefined ? undefined : { weights: await openQuantised(model, bits), embeddings };
  const open = (graph: Graph, prepack: boolean): Promise<Session> =>
    Session.open(encodeOnnx(graph), {
      ...{ externalDataFolder: model.folder, prepack, ...deviceOptions(model, graph, device) },
      ...(intraOpThreads !== undefined && { intraOpThreads }),
    });
  const decodeGraph = baseGraph(model, capacity, copy);
  // Prepacked: decoding reads every weight for every token.
  const decode = await open(decodeGraph, true);
  if (!copy || prefillWeights === 'decode') return { decode, decodeGraph, prompts: decode, promptCopy: copy };
  // Not prepacked: it shares the mapped weight file, so the weights as they are take no memory of their own.
  const prompts = await open(baseGraph(model, capacity), false);
  return { decode, decodeGraph, prompts, promptCopy: undefined };
}
