/** Element types that cross between files, graphs and the runtime. */
export type Dtype = 'float32' | 'float16' | 'int32' | 'int64' | 'bool' | 'int8' | 'uint8';

/** The typed array that holds each dtype: float16 as its 16 bits, bool as one byte of 0 or 1. */
export interface TypedArrayOf {
  float32: Float32Array;
  float16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
}

/** Constructors of `TypedArrayOf`, to allocate or to view a buffer of a given dtype. */
export const typedArrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const satisfies { [D in Dtype]: new (length: number) => TypedArrayOf[D] };

/** Bytes of one element. */
export const bytesPerElement = {
  float32: 4,
  float16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  int8: 1,
  uint8: 1,
} as const satisfies Record<Dtype, number>;
