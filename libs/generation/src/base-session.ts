import { AppError } from '@prad/errors';
import { encodeOnnx, type Graph } from '@prad/graph';
import { openQuantised, type BaseModel } from '@prad/models';
import type { QuantisedCopy } from '@prad/nn';
import { Session, type Device, type SessionOptions } from '@prad/runtime';
import type { DecodeWeights, PrefillWeights } from './decode-weights.js';
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

/**
 * @throws AppError conflict `no_quantised_copy` where the model lacks the weights to decode with; `w8a8_needs_cpu` where
 * the device has no products of theirs.
 */
export async function openBaseSession(
  model: BaseModel,
  capacity: number,
  { decodeWeights, prefillWeights, intraOpThreads, device }: BaseSessionOptions,
): Promise<BaseSession> {
  if (decodeWeights === 'w8a8' && device !== undefined && device !== 'cpu') throw needsCpu(device);
  const embeddings = prefillWeights === 'decode';
  const copy =
    decodeWeights === 'f32' ? undefined : { ...(await openQuantised(model, decodeWeights)), embeddings };
  const decodeGraph = baseGraph(model, capacity, copy);
  const decode = await Session.open(encodeOnnx(decodeGraph), {
    ...{ externalDataFolder: model.folder, ...deviceOptions(model, decodeGraph, device) },
    ...(intraOpThreads !== undefined && { intraOpThreads }),
  });
  const readsPrompts = !copy || prefillWeights === 'decode';
  return { decode, decodeGraph, readsPrompts, promptCopy: readsPrompts ? copy : undefined };
}

function needsCpu(device: Device): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'w8a8_needs_cpu',
    message: `w8a8 weights are multiplied by the CPU alone, and sessions are set to ${device}: decode with q4 or q8 there`,
  });
}
