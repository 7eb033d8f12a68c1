import { AppError } from '@prad/errors';
import { typedArrays, type Dtype, type TypedArrayOf } from './dtype.js';
import { elementCount, type Shape } from './shape.js';

/** A dense, row-major tensor of one dtype in host memory. */
export interface TensorOf<D extends Dtype> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: TypedArrayOf[D];
}

/** A tensor of any dtype; switch on `dtype` to know the array in `data`. */
export type HostTensor = { [D in Dtype]: TensorOf<D> }[Dtype];

/**
 * Wraps `data` (not copied) as a tensor.
 * @throws AppError bug when the shape is not whole numbers >= 0 or its product is not `data.length`.
 */
export function tensor<D extends Dtype>(dtype: D, shape: Shape, data: TypedArrayOf[D]): TensorOf<D> {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new AppError({
      kind: 'bug',
      code: 'tensor_shape',
      message: `a tensor's axes must be whole numbers of at least 0, got [${shape.join(', ')}]`,
    });
  }
  if (data.length !== elementCount(shape)) {
    throw new AppError({
      kind: 'bug',
      code: 'tensor_length',
      message: `a ${dtype} tensor of shape [${shape.join(', ')}] needs ${elementCount(shape)} elements, got ${data.length}`,
    });
  }
  return { dtype, shape, data };
}

/** A new tensor of zeros. */
export function zeros<D extends Dtype>(dtype: D, shape: Shape): TensorOf<D> {
  const data = new typedArrays[dtype](elementCount(shape));
  // The map ties each dtype to its array, which an index by a type parameter cannot express.
  return tensor(dtype, shape, data as TypedArrayOf[D]);
}
