import type { Dtype } from '@prad/tensor';

/** `TensorProto.DataType` of onnx.proto. */
export const onnxDtype = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const satisfies Record<Dtype, number>;
