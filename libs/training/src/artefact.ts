import { encodeSafetensors } from '@prad/formats';
import { encodeAdapter } from '@prad/adapter-files';
import type { BaseModel } from '@prad/models';
import { adapterFor } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';
import type { Trainable } from './plan.js';

/** The file that keeps the trained tensors: an adapter artefact, or all weights in Hugging Face's layout. */
export function encodeArtefact(
  model: BaseModel,
  trainable: Trainable,
  tensors: ReadonlyMap<string, HostTensor>,
): Uint8Array {
  if (trainable.kind === 'full') return encodeSafetensors(tensors, { format: 'pt' });
  const { method, scope } = trainable;
  return encodeAdapter({
    method,
    options: { ...adapterFor(model, method, trainable.options).options },
    scope,
    baseDigest: model.digest,
    baseModel: model.name,
    tensors,
  });
}
