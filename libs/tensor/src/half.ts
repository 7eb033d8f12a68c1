/** IEEE 754 binary16 and bfloat16 to and from float32. Both are carried as their 16 bits. */

const oneFloat = new Float32Array(1);
const oneBits = new Uint32Array(oneFloat.buffer);

let halfToFloatBits: Uint32Array | undefined;

/** float32 bit patterns of all 65,536 halves: a load per element instead of branches (256 KiB, made once). */
function halfTable(): Uint32Array {
  if (halfToFloatBits !== undefined) return halfToFloatBits;
  const table = new Uint32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const sign = (bits & 0x8000) << 16;
    const exponent = (bits >> 10) & 0x1f;
    const mantissa = bits & 0x3ff;
    if (exponent === 31) {
      table[bits] = sign | 0x7f80_0000 | (mantissa << 13);
    } else if (exponent === 0) {
      oneFloat[0] = mantissa * 2 ** -24;
      table[bits] = sign | (oneBits[0] ?? 0);
    } else {
      table[bits] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    }
  }
  halfToFloatBits = table;
  return table;
}

/** float32 bits to binary16 bits, rounded to nearest even; beyond 65,504 becomes infinity, NaN stays NaN. */
function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  if (magnitude >= 0x4780_0000) return sign | 0x7c00;
  if (magnitude >= 0x3880_0000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x3800_0000) >>> 13);
  }
  if (magnitude < 0x3300_0000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7f_ffff) | 0x80_0000;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept);
}

/** Every half exactly as float32; `out` (same length) is filled when given. */
export function float16ToFloat32(halves: Uint16Array, out = new Float32Array(halves.length)): Float32Array {
  const table = halfTable();
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < halves.length; i++) bits[i] = table[halves[i] ?? 0] ?? 0;
  return out;
}

/** Rounds to nearest even; beyond 65,504 becomes infinity. `out` (same length) is filled when given. */
export function float32ToFloat16(floats: Float32Array, out = new Uint16Array(floats.length)): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < bits.length; i++) out[i] = roundToHalf(bits[i] ?? 0);
  return out;
}

/** Every bfloat16 exactly as float32: its bits are the upper half of a float32. */
export function bfloat16ToFloat32(brains: Uint16Array, out = new Float32Array(brains.length)): Float32Array {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < brains.length; i++) bits[i] = (brains[i] ?? 0) << 16;
  return out;
}

/** Rounds to nearest even; NaN stays NaN. `out` (same length) is filled when given. */
export function float32ToBfloat16(floats: Float32Array, out = new Uint16Array(floats.length)): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] ?? 0;
    const isNan = (value & 0x7fff_ffff) > 0x7f80_0000;
    out[i] = isNan ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return out;
}
