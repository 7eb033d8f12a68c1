import { AppError } from '@prad/errors';
import type { LanguageModel } from '@prad/nn';
import type { Device } from '@prad/runtime';

/**
 * onnxruntime's GroupQueryAttention passes over `softcap` on WebGPU without a word (1.30; its pull request 27461 is to
 * bring it), so the answers would be wrong.
 * @throws AppError conflict `device_lacks_softcap`.
 */
export function requireSoftcap({ modelType, dimensions }: LanguageModel, device: Device | undefined): void {
  if (device !== 'webgpu') return;
  const { layers, attention } = dimensions;
  const capped = Array.from({ length: layers }, (_, layer) => layer).find(
    (layer) => attention(layer).softcap,
  );
  if (capped === undefined) return;
  throw new AppError({
    kind: 'conflict',
    code: 'device_lacks_softcap',
    message: `${modelType} caps the scores of attention (layer ${capped}), which the device webgpu cannot do yet: use cpu or cuda`,
    details: { device, modelType },
  });
}
