import { AppError } from '@prad/errors';
import { listSupportedBackends } from 'onnxruntime-node';

/** Where a session computes. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** The devices that the installed onnxruntime has code for; whether a GPU is present shows when a session opens. */
export function bundledDevices(): Device[] {
  const names = new Set(listSupportedBackends().map(({ name }) => name));
  return (['cpu', 'webgpu', 'cuda'] as const).filter((device) => names.has(device));
}

/** @throws AppError unavailable `device_unavailable` when onnxruntime was installed without this device. */
export function requireDevice(device: Device): void {
  const bundled = bundledDevices();
  if (bundled.includes(device)) return;
  throw new AppError({
    kind: 'unavailable',
    code: 'device_unavailable',
    message: `device ${device} is not part of the installed onnxruntime, which has ${bundled.join(', ')}`,
    details: { device, bundled },
  });
}
