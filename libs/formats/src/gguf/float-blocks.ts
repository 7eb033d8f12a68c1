import { bfloat16ToFloat32, float16ToFloat32 } from '@prad/tensor';

/** Little-endian float32, as they are. */
export function fromF32(
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  out: Float32Array<ArrayBuffer>,
): void {
  out.set(new Float32Array(buffer, byteOffset, out.length));
}

/** IEEE half precision. */
export function fromF16(
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  out: Float32Array<ArrayBuffer>,
): void {
  float16ToFloat32(new Uint16Array(buffer, byteOffset, out.length), out);
}

/** The upper half of a float32. */
export function fromBf16(
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  out: Float32Array<ArrayBuffer>,
): void {
  bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, out.length), out);
}

/** The half at the same place in every block: its scale, or its minimum. */
export function halvesAt(blocks: Uint8Array, blockBytes: number, offset: number): Float32Array {
  const halves = new Uint16Array(blocks.length / blockBytes);
  for (let i = 0, at = offset; i < halves.length; i++, at += blockBytes) {
    halves[i] = (blocks[at] ?? 0) | ((blocks[at + 1] ?? 0) << 8);
  }
  return float16ToFloat32(halves);
}
