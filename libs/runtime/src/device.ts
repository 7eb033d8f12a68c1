import { env, listSupportedBackends } from 'onnxruntime-node';
import { deviceUnavailable } from './device-unavailable.js';

/** Where a session computes. */
export type Device = 'cpu' | 'cuda' | 'webgpu';

const devices = ['cpu', 'cuda', 'webgpu'] as const;

// What onnxruntime says while it looks for a device comes back as an exception too.
env.logLevel = 'fatal';

/** The devices that the onnxruntime package itself brings; whether there is a GPU shows when a session opens. */
export function bundledDevices(): Device[] {
  const bundled = new Set(listSupportedBackends().flatMap(({ name, bundled }) => (bundled ? [name] : [])));
  return devices.filter((device) => bundled.has(device));
}

/** @throws AppError unavailable `device_unavailable` when this platform's onnxruntime cannot have the device. */
export function requireDevice(device: Device): void {
  const known = listSupportedBackends().map(({ name }) => name);
  if (!known.includes(device))
    throw deviceUnavailable(device, `onnxruntime on this platform knows only ${known.join(', ')}`);
}
