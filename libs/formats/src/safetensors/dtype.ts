import {
  bfloat16ToFloat32,
  float16ToFloat32,
  tensor,
  type Dtype,
  type HostTensor,
  type Shape,
} from '@prad/tensor';
import { invalid } from '../invalid.js';

/** Bytes of one element of every dtype that the safetensors format names in whole bytes. */
export const safetensorsDtypes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafetensorsDtype = keyof typeof safetensorsDtypes;

export function isSafetensorsDtype(name: unknown): name is SafetensorsDtype {
  return typeof name === 'string' && Object.hasOwn(safetensorsDtypes, name);
}

/** How our own dtypes are written. */
export const safetensorsDtypeOf = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int64: 'I64',
  bool: 'BOOL',
  int8: 'I8',
  uint8: 'U8',
} as const satisfies Record<Dtype, SafetensorsDtype>;

/**
 * Little-endian bytes as floats: F32 as they are, F16 and BF16 exactly, F64 rounded to nearest.
 * @throws AppError invalid for a dtype that is not a float we know.
 */
export function toFloat32(
  dtype: SafetensorsDtype,
  bytes: Uint8Array<ArrayBuffer>,
  where: string,
): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    case 'BOOL':
    case 'U8':
    case 'I8':
    case 'F8_E5M2':
    case 'F8_E4M3':
    case 'I16':
    case 'U16':
    case 'I32':
    case 'U32':
    case 'I64':
    case 'U64':
      throw invalid('safetensors_dtype', `${where}: expected F32, F16, BF16 or F64, got ${dtype}`, { dtype });
  }
}

/**
 * Little-endian bytes as a host tensor; BF16 and F64 become float32, the other dtypes keep their own.
 * @throws AppError invalid for a dtype that has no host dtype.
 */
export function toHostTensor(
  dtype: SafetensorsDtype,
  shape: Shape,
  bytes: Uint8Array<ArrayBuffer>,
  where: string,
): HostTensor {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (dtype) {
    case 'F16':
      return tensor('float16', shape, new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'I32':
      return tensor('int32', shape, new Int32Array(buffer, byteOffset, byteLength / 4));
    case 'I64':
      return tensor('int64', shape, new BigInt64Array(buffer, byteOffset, byteLength / 8));
    case 'I8':
      return tensor('int8', shape, new Int8Array(buffer, byteOffset, byteLength));
    case 'U8':
      return tensor('uint8', shape, bytes);
    case 'BOOL':
      return tensor('bool', shape, bytes);
    case 'F32':
    case 'BF16':
    case 'F64':
      return tensor('float32', shape, toFloat32(dtype, bytes, where));
    case 'F8_E5M2':
    case 'F8_E4M3':
    case 'I16':
    case 'U16':
    case 'U32':
    case 'U64':
      throw invalid('safetensors_dtype', `${where}: ${dtype} tensors are not supported`, { dtype });
  }
}
