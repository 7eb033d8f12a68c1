import { encodeSafetensors } from '@prad/formats';
import { encodeAdapter } from '@prad/adapter-files';
import type { BaseModel } from '@prad/models';
import { adapterFor } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';
import { deployed } from './deployed.js';
import type { Trainable } from './plan.js';

/** The file that keeps the trained tensors: an adapter artefact, or all weights in Hugging Face's layout. */
export async function encodeArtefact(
  model: BaseModel,
  trainable: Trainable,
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<Uint8Array> {
  if (trainable.kind === 'full') return encodeSafetensors(tensors, { format: 'pt' });
  const { method, scope } = trainable;
  const adapter = await deployed(model, adapterFor(model, method, trainable.options), tensors);
  return encodeAdapter({
    ...adapter,
    ...{ method, scope, baseDigest: model.digest, baseModel: model.name },
  });
}
