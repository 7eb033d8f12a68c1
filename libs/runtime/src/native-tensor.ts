import { AppError } from '@prad/errors';
import { tensor, typedArrays, type Dtype, type HostTensor, type TypedArrayOf } from '@prad/tensor';
import { Tensor } from 'onnxruntime-node';

const dtypes = new Set<string>(Object.keys(typedArrays));

export function isDtype(name: string): name is Dtype {
  return dtypes.has(name);
}

/** A cache's views are fed in every step, and a new tensor for each of them takes a share of a decode step. */
const made = new WeakMap<HostTensor, Tensor>();

/** The same memory as an onnxruntime tensor; the same one each time. */
export function toNative(host: HostTensor): Tensor {
  const known = made.get(host);
  if (known) return known;
  const native = new Tensor(host.dtype, host.data, host.shape);
  made.set(host, native);
  return native;
}

/** The same memory as a host tensor. */
export function fromNative(name: string, native: Tensor): HostTensor {
  const { type, dims, data } = native;
  if (!isDtype(type) || !ArrayBuffer.isView(data)) {
    throw new AppError({
      kind: 'bug',
      code: 'output_type',
      message: `output ${name} has the unknown type ${type}`,
    });
  }
  // The dtype decides the array; the map of constructors cannot say so of a union.
  return tensor<Dtype>(type, dims, asArrayOf(type, data)) as HostTensor;
}

/** Newer Node versions give halves as Float16Array; here they are their bits. */
function asArrayOf(dtype: Dtype, data: ArrayBufferView): TypedArrayOf[Dtype] {
  const array = typedArrays[dtype];
  if (data instanceof array) return data;
  return new array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / array.BYTES_PER_ELEMENT);
}
