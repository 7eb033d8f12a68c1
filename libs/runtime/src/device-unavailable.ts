import { AppError } from '@prad/errors';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Device } from './device.js';

/** The errors of looking for a device, as onnxruntime words them. */
export const noDevice =
  /no supported adapters|failed to get a webgpu adapter|no cuda-capable device|cuda failure|failed to load (shared )?library/i;

const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';

/** What to do about a device that cannot be used. */
function hintFor(device: Device): string {
  switch (device) {
    case 'cpu':
      return 'the package onnxruntime-node has no binary for this platform';
    case 'webgpu':
      return 'WebGPU needs a GPU with a Vulkan driver and the loader libvulkan.so.1 (Debian: libvulkan1); or set the device to cpu';
    case 'cuda':
      return cudaInstalled()
        ? 'CUDA needs an NVIDIA GPU, its driver, CUDA 12 and cuDNN 9 where the linker finds them; or set the device to cpu'
        : `${CUDA_LIBRARY} is not installed: run "ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js"; or set the device to cpu`;
  }
}

/** Whether onnxruntime's CUDA library, which is downloaded apart from the package, lies where it is looked for. */
function cudaInstalled(): boolean {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return existsSync(
    join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch, CUDA_LIBRARY),
  );
}

/** One sentence for the operator: which device, what was the matter, what to do. */
export function deviceUnavailable(device: Device, reason: string, cause?: unknown): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'device_unavailable',
    message: `device ${device} cannot be used: ${reason}. Hint: ${hintFor(device)}`,
    details: { device },
    ...(cause !== undefined && { cause }),
  });
}
