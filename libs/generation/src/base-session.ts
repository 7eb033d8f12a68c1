import { encodeOnnx, type Graph } from '@prad/graph';
import { openQuantised, type BaseModel } from '@prad/models';
import type { QuantisedCopy } from '@prad/nn';
import { Session, type SessionOptions } from '@prad/runtime';
import { quantisedBitsOf, type DecodeWeights, type PrefillWeights } from './decode-weights.js';
import { baseGraph } from './model-graphs.js';
import { deviceOptions } from './on-device.js';

/** The base model alone, loaded. */
export interface BaseSession {
  readonly decode: Session;
  /** What `decode` was made of. */
  readonly decodeGraph: Graph;
  /** Whether it has the weights that prompts are read with. */
  readonly readsPrompts: boolean;
  /** The copy that prompts are read with; undefined for the weights as they are. */
  readonly promptCopy: QuantisedCopy | undefined;
}

export interface BaseSessionOptions extends Pick<SessionOptions, 'intraOpThreads' | 'device'> {
  readonly decodeWeights: DecodeWeights;
  readonly prefillWeights: PrefillWeights;
}

/** @throws AppError conflict `no_quantised_copy` where the model lacks the weights to decode with. */
export async function openBaseSession(
  model: BaseModel,
  capacity: number,
  { decodeWeights, prefillWeights, intraOpThreads, device }: BaseSessionOptions,
): Promise<BaseSession> {
  const bits = quantisedBitsOf[decodeWeights];
  const embeddings = prefillWeights === 'decode';
  const copy = bits === undefined ? undefined : { weights: await openQuantised(model, bits), embeddings };
  const decodeGraph = baseGraph(model, capacity, copy);
  const decode = await Session.open(encodeOnnx(decodeGraph), {
    ...{ externalDataFolder: model.folder, ...deviceOptions(model, decodeGraph, device) },
    ...(intraOpThreads !== undefined && { intraOpThreads }),
  });
  const readsPrompts = !copy || prefillWeights === 'decode';
  return { decode, decodeGraph, readsPrompts, promptCopy: readsPrompts ? copy : undefined };
}
