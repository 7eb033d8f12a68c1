import { AppError } from '@prad/errors';
import { tensor } from '@prad/tensor';
import type { Device } from './device.js';
import { deviceUnavailable } from './device-unavailable.js';
import { probe } from './in-place.js';
import { nativeMessage } from './native-error.js';
import { runGraph } from './run-graph.js';

/**
 * Adds two numbers on the device, so that one that cannot be used shows when a process starts and not in its first job.
 * @throws AppError unavailable `device_unavailable`: what is missing and what to do.
 */
export async function checkDevice(device: Device): Promise<void> {
  const sum = await tryDevice(device);
  if (sum !== 6) throw deviceUnavailable(device, `it computed 3 + 3 = ${sum}`);
}

async function tryDevice(device: Device): Promise<number> {
  const x = tensor('float32', [1], Float32Array.of(3));
  try {
    const { y } = await runGraph(Buffer.from(probe, 'base64'), { x }, { device });
    return Number(y?.data[0]);
  } catch (error) {
    if (error instanceof AppError && error.code === 'device_unavailable') throw error;
    throw deviceUnavailable(device, nativeMessage(error), error);
  }
}
