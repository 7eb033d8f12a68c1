export { bytesPerElement, typedArrays, type Dtype, type TypedArrayOf } from './dtype.js';
export { byteLength, elementCount, sameShape, type Shape } from './shape.js';
export { tensor, zeros, type HostTensor, type TensorOf } from './host-tensor.js';
export { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.js';
