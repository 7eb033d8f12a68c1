/**
 * Types with one scale for 32 values. Layouts and formulas: `block_q*` of ggml-common.h, `dequantize_row_*` of
 * ggml-quants.c. Every product is exact in float32, so that rounding once, when the value is stored, gives ggml's bits.
 */
import { halvesAt } from './float-blocks.js';

/** Block: half d, 16 bytes; low nibbles are values 0-15, high nibbles 16-31. Value = d (q - 8). */
export function fromQ4Zero(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const scales = halvesAt(blocks, 18, 0);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 18 + 2 + j] ?? 0;
      out[block * 32 + j] = d * ((pair & 15) - 8);
      out[block * 32 + 16 + j] = d * ((pair >> 4) - 8);
    }
  }
}

/** Block: half d, half m, then nibbles as in Q4_0. Value = d q + m. */
export function fromQ4One(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const scales = halvesAt(blocks, 20, 0);
  const minima = halvesAt(blocks, 20, 2);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    const m = minima[block] ?? 0;
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 20 + 4 + j] ?? 0;
      out[block * 32 + j] = d * (pair & 15) + m;
      out[block * 32 + 16 + j] = d * (pair >> 4) + m;
    }
  }
}

/** Block: half d, 4 bytes with the fifth bit of value i in bit i, then nibbles as in Q4_0. Value = d (q - 16). */
export function fromQ5Zero(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const scales = halvesAt(blocks, 22, 0);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    const high = bitsAt(blocks, block * 22 + 2);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 22 + 6 + j] ?? 0;
      out[block * 32 + j] = d * (((pair & 15) | (((high >>> j) & 1) << 4)) - 16);
      out[block * 32 + 16 + j] = d * (((pair >> 4) | (((high >>> (j + 16)) & 1) << 4)) - 16);
    }
  }
}

/** Block: half d, half m, then fifth bits and nibbles as in Q5_0. Value = d q + m. */
export function fromQ5One(blocks: Uint8Array, out: Float32Array<ArrayBuffer>): void {
  const scales = halvesAt(blocks, 24, 0);
  const minima = halvesAt(blocks, 24, 2);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    const m = minima[block] ?? 0;
    const high = bitsAt(blocks, block * 24 + 4);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 24 + 8 + j] ?? 0;
      out[block * 32 + j] = d * ((pair & 15) | (((high >>> j) & 1) << 4)) + m;
      out[block * 32 + 16 + j] = d * ((pair >> 4) | (((high >>> (j + 16)) & 1) << 4)) + m;
    }
  }
}

/** Block: half d, then 32 signed bytes. Value = d q. */
export function fromQ8Zero(blocks: Uint8Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>): void {
  const scales = halvesAt(blocks, 34, 0);
  const quants = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    for (let j = 0; j < 32; j++) out[block * 32 + j] = d * (quants[block * 34 + 2 + j] ?? 0);
  }
}

/** 32 bits, lowest first. */
function bitsAt(blocks: Uint8Array, at: number): number {
  return (
    (blocks[at] ?? 0) |
    ((blocks[at + 1] ?? 0) << 8) |
    ((blocks[at + 2] ?? 0) << 16) |
    ((blocks[at + 3] ?? 0) << 24)
  );
}
