import { encodeOnnx, type Graph } from '@prad/graph';
import { openQuantised, type BaseModel } from '@prad/models';
import { Session, type SessionOptions } from '@prad/runtime';
import { quantisedBitsOf, type DecodeWeights } from './decode-weights.js';
import { baseGraph } from './model-graphs.js';
import { deviceOptions } from './on-device.js';

/** The base model alone, loaded. */
export interface BaseSessions {
  readonly decode: Session;
  /** What `decode` was made of. */
  readonly decodeGraph: Graph;
  /** Reads prompts; the session that decodes, where that has the weights as they are. */
  readonly prompts: Session;
}

/** @throws AppError conflict `no_quantised_copy` where the model lacks the weights to decode with. */
export async function openBaseSessions(
  model: BaseModel,
  capacity: number,
  decodeWeights: DecodeWeights,
  options: Pick<SessionOptions, 'intraOpThreads' | 'device'>,
): Promise<BaseSessions> {
  const bits = quantisedBitsOf[decodeWeights];
  const copy = bits === undefined ? undefined : await openQuantised(model, bits);
  const { intraOpThreads, device } = options;
  const open = (graph: Graph, prepack: boolean): Promise<Session> =>
    Session.open(encodeOnnx(graph), {
      ...{ externalDataFolder: model.folder, prepack, ...deviceOptions(model, graph, device) },
      ...(intraOpThreads !== undefined && { intraOpThreads }),
    });
  const decodeGraph = baseGraph(model, capacity, copy);
  // Prepacked, which the adapted session is not: decoding reads every weight for every token.
  const decode = await open(decodeGraph, true);
  if (!copy) return { decode, decodeGraph, prompts: decode };
  // Not prepacked: it shares the mapped weight file, so the weights as they are take no memory of their own.
  return { decode, decodeGraph, prompts: await open(baseGraph(model, capacity), false) };
}
