/**
 * Types of 256 values in sub-blocks of 16 or 32 with scales of their own, which are whole multiples of the block's.
 * Layouts and formulas: `block_q*_K` of ggml-common.h, `dequantize_row_q*_K` of ggml-quants.c. Every product is exact in
 * float32 (at most 11 + 7 + 5 bits), so that rounding once, when the value is stored, gives ggml's bits.
 */
import { halvesAt } from './float-blocks.js';

/**
 * Block: 16 bytes with scale (low nibble) and minimum (high nibble) of 16 values each; 64 bytes of quants; half d; half
 * dmin. A half block of 128 values has 32 bytes; their bits 2j, 2j+1 are values 32j to 32j+31.
 * Value = d scale q - dmin minimum.
 */
export function fromQ2K(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const d = halvesAt(blocks, 84, 80);
  const minima = halvesAt(blocks, 84, 82);
  let at = 0;
  for (let block = 0; block < d.length; block++) {
    const start = block * 84;
    for (let group = 0; group < 16; group++) {
      const packed = blocks[start + group] ?? 0;
      const scale = (d[block] ?? 0) * (packed & 15);
      const minimum = (minima[block] ?? 0) * (packed >> 4);
      const quants = start + 16 + (group >> 3) * 32 + (group & 1) * 16;
      const shift = group & 6;
      for (let i = 0; i < 16; i++) out[at++] = scale * (((blocks[quants + i] ?? 0) >> shift) & 3) - minimum;
    }
  }
}

/**
 * Block: 32 bytes of third bits, 64 bytes of quants as in Q2_K, 12 bytes of scales, half d. Bit b of the third bits'
 * byte i belongs to value 32b+i. Scale k of 16 values has its low 4 bits in the nibble k >> 3 of byte k & 7, its
 * high 2 bits in bits 2 (k >> 2) of byte 8 + (k & 3). Value = d (scale - 32) (q - 4), q with its third bit.
 */
export function fromQ3K(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const d = halvesAt(blocks, 110, 108);
  let at = 0;
  for (let block = 0; block < d.length; block++) {
    const start = block * 110;
    for (let group = 0; group < 16; group++) {
      const low = ((blocks[start + 96 + (group & 7)] ?? 0) >> ((group >> 3) * 4)) & 15;
      const high = ((blocks[start + 104 + (group & 3)] ?? 0) >> ((group >> 2) * 2)) & 3;
      const scale = (d[block] ?? 0) * ((low | (high << 4)) - 32);
      const bits = start + (group & 1) * 16;
      const quants = bits + 32 + (group >> 3) * 32;
      const shift = group & 6;
      for (let i = 0; i < 16; i++) {
        const third = ((blocks[bits + i] ?? 0) >> (group >> 1)) & 1;
        out[at++] = scale * ((((blocks[quants + i] ?? 0) >> shift) & 3) + third * 4 - 4);
      }
    }
  }
}

/** Scale of sub-block k of a Q4_K or Q5_K block, 6 bits, from the 12 bytes at `at`. */
function scaleAt(blocks: Uint8Array, at: number, k: number): number {
  if (k < 4) return (blocks[at + k] ?? 0) & 63;
  return ((blocks[at + k + 4] ?? 0) & 15) | (((blocks[at + k - 4] ?? 0) >> 6) << 4);
}

/** Minimum of sub-block k, 6 bits, from the same 12 bytes. */
function minimumAt(blocks: Uint8Array, at: number, k: number): number {
  if (k < 4) return (blocks[at + k + 4] ?? 0) & 63;
  return ((blocks[at + k + 4] ?? 0) >> 4) | (((blocks[at + k] ?? 0) >> 6) << 4);
}

/**
 * Block: half d, half dmin, 12 bytes of scales and minima of 32 values each, 128 bytes of quants. Of each 32 bytes the
 * low nibbles are one sub-block, the high nibbles the next. Value = d scale q - dmin minimum.
 */
export function fromQ4K(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const d = halvesAt(blocks, 144, 0);
  const minima = halvesAt(blocks, 144, 2);
  let at = 0;
  for (let block = 0; block < d.length; block++) {
    const start = block * 144;
    for (let group = 0; group < 8; group++) {
      const scale = (d[block] ?? 0) * scaleAt(blocks, start + 4, group);
      const minimum = (minima[block] ?? 0) * minimumAt(blocks, start + 4, group);
      const quants = start + 16 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let i = 0; i < 32; i++) out[at++] = scale * (((blocks[quants + i] ?? 0) >> shift) & 15) - minimum;
    }
  }
}

/**
 * Block: half d, half dmin, scales and minima as in Q4_K, 32 bytes of fifth bits, then nibbles as in Q4_K. Bit k of the
 * fifth bits' byte i belongs to value i of sub-block k. Value = d scale q - dmin minimum.
 */
export function fromQ5K(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const d = halvesAt(blocks, 176, 0);
  const minima = halvesAt(blocks, 176, 2);
  let at = 0;
  for (let block = 0; block < d.length; block++) {
    const start = block * 176;
    for (let group = 0; group < 8; group++) {
      const scale = (d[block] ?? 0) * scaleAt(blocks, start + 4, group);
      const minimum = (minima[block] ?? 0) * minimumAt(blocks, start + 4, group);
      const quants = start + 48 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let i = 0; i < 32; i++) {
        const fifth = ((blocks[start + 16 + i] ?? 0) >> group) & 1;
        out[at++] = scale * ((((blocks[quants + i] ?? 0) >> shift) & 15) | (fifth << 4)) - minimum;
      }
    }
  }
}

/**
 * Block: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales of 16 values each, half d. A half block
 * of 128 values has 64 bytes of nibbles (low ones: values 0-63, high ones: 64-127) and 32 bytes whose bits 2j, 2j+1 are
 * of values 32j to 32j+31. Value = d scale (q - 32).
 */
export function fromQ6K(blocks: Uint8Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>): void {
  const d = halvesAt(blocks, 210, 208);
  const signed = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  let at = 0;
  for (let block = 0; block < d.length; block++) {
    const start = block * 210;
    for (let group = 0; group < 16; group++) {
      const scale = (d[block] ?? 0) * (signed[start + 192 + group] ?? 0);
      const low = start + (group >> 3) * 64 + (group & 3) * 16;
      const high = start + 128 + (group >> 3) * 32 + (group & 1) * 16;
      const nibble = group & 4;
      const pair = group & 6;
      for (let i = 0; i < 16; i++) {
        const quant =
          (((blocks[low + i] ?? 0) >> nibble) & 15) | ((((blocks[high + i] ?? 0) >> pair) & 3) << 4);
        out[at++] = scale * (quant - 32);
      }
    }
  }
}
