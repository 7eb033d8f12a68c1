import { AppError } from '@prad/errors';
import type { Dtype, Shape } from '@prad/tensor';
import { Tensor } from 'onnxruntime-node';
import { inTurn } from './device-lock.js';
import { isDtype } from './native-tensor.js';

/**
 * A tensor in the memory of a GPU. It can be fed to sessions of the same device and be written in place by
 * `Session.runInPlace`; it cannot be read (onnxruntime-node ends the process where one tries). `Session.runOnDevice`
 * makes them.
 */
export class DeviceTensor {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly #native: Tensor;

  constructor(native: Tensor) {
    if (!isDtype(native.type) || native.location !== 'gpu-buffer') {
      const got = `${native.type} in ${native.location}`;
      throw new AppError({
        kind: 'bug',
        code: 'no_device_tensor',
        message: `a tensor in GPU memory expected, got ${got}`,
      });
    }
    this.dtype = native.type;
    this.shape = native.dims;
    this.#native = native;
  }

  /** The same as onnxruntime has it. */
  static nativeOf(tensor: DeviceTensor): Tensor {
    return tensor.#native;
  }

  /** The same memory as the first `count` slices along axis 0. It ends with this tensor. */
  first(count: number): DeviceTensor {
    const { gpuBuffer } = this.#native;
    return new DeviceTensor(
      Tensor.fromGpuBuffer(gpuBuffer, {
        dataType: this.#native.type as 'float32',
        dims: [count, ...this.shape.slice(1)],
      }),
    );
  }

  /** Frees the memory; no run may use it. */
  async close(): Promise<void> {
    await inTurn(async () => {
      this.#native.dispose();
      return Promise.resolve();
    });
  }
}
