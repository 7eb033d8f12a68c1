import { AppError } from '@prad/errors';
import {
  float16ToFloat32,
  sameShape,
  tensor,
  type HostTensor,
  type Shape,
  type TensorOf,
} from '@prad/tensor';

export type FloatTensor = TensorOf<'float32'>;

/**
 * The tensors of a file by name, each asked for once, so that what nobody asked for shows at the end.
 * F16 is widened; all is float32 from here on.
 */
export class FloatTensors {
  readonly #left: Map<string, HostTensor>;

  constructor(tensors: ReadonlyMap<string, HostTensor>) {
    this.#left = new Map(tensors);
  }

  /** @throws AppError invalid `invalid_adapter`, naming the tensor, when it is missing or of another shape or dtype. */
  take(name: string, shape: Shape): FloatTensor {
    const found = this.#left.get(name);
    this.#left.delete(name);
    if (found === undefined || !sameShape(found.shape, shape)) {
      const got = found === undefined ? 'nothing' : `[${found.shape.join(', ')}]`;
      throw invalidAdapter(`tensor ${name}: [${shape.join(', ')}] expected, got ${got}`);
    }
    if (found.dtype === 'float16') return tensor('float32', shape, float16ToFloat32(found.data));
    if (found.dtype === 'float32') return found;
    throw invalidAdapter(`tensor ${name}: floats expected, got ${found.dtype}`);
  }

  /** @throws AppError invalid `invalid_adapter` when a tensor was not asked for. */
  end(): void {
    const [extra] = this.#left.keys();
    if (extra !== undefined) {
      throw invalidAdapter(`tensor ${extra} belongs to no place that adapter_config.json names`);
    }
  }
}

/** [rows, columns] to [columns, rows]. */
export function transposed({ shape, data }: FloatTensor): FloatTensor {
  const [rows = 0, columns = 0] = shape;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return tensor('float32', [columns, rows], out);
}

/** Rows `from` to `to` (not included) of a matrix, or elements of a vector; not copied. */
export function rowsOf({ shape, data }: FloatTensor, from: number, to: number): FloatTensor {
  const [, ...rest] = shape;
  const width = rest.reduce((product, size) => product * size, 1);
  return tensor('float32', [to - from, ...rest], data.subarray(from * width, to * width));
}

/** Matrices of one width below each other, or vectors end to end. */
export function joined(parts: readonly FloatTensor[]): FloatTensor {
  const [first] = parts;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let [rows, end] = [0, 0];
  for (const part of parts) {
    data.set(part.data, end);
    end += part.data.length;
    rows += part.shape[0] ?? 0;
  }
  return tensor('float32', [rows, ...(first?.shape.slice(1) ?? [])], data);
}

/** Bit for bit, so that a NaN equals itself and 0 is not -0. */
export function sameBits(a: FloatTensor, b: FloatTensor): boolean {
  const bytes = ({ data }: FloatTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return sameShape(a.shape, b.shape) && bytes(a).equals(bytes(b));
}

export function invalidAdapter(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_adapter', message });
}
