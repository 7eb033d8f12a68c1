import { bfloat16ToFloat32, float16ToFloat32 } from '@prad/tensor';

/** How one ggml tensor type lays values out: blocks of `values` numbers in `bytes` bytes. */
export interface BlockType {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  /** Whole blocks to float32. Source of the layouts: `ggml-common.h` and `ggml-quants.c` of llama.cpp. */
  readonly dequantize: (blocks: Uint8Array<ArrayBuffer>) => Float32Array;
}

/** The types that can be read, by their number in the file. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map([
  [0, { name: 'F32', values: 1, bytes: 4, dequantize: fromF32 }],
  [1, { name: 'F16', values: 1, bytes: 2, dequantize: fromF16 }],
  [2, { name: 'Q4_0', values: 32, bytes: 18, dequantize: fromQ4Zero }],
  [3, { name: 'Q4_1', values: 32, bytes: 20, dequantize: fromQ4One }],
  [8, { name: 'Q8_0', values: 32, bytes: 34, dequantize: fromQ8Zero }],
  [30, { name: 'BF16', values: 1, bytes: 2, dequantize: fromBf16 }],
]);

function fromF32({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

function fromF16({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Float32Array {
  return float16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2));
}

function fromBf16({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Float32Array {
  return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2));
}

/** The half at the same place in every block: its scale, or its minimum. */
function halvesAt(blocks: Uint8Array, blockBytes: number, offset: number): Float32Array {
  const halves = new Uint16Array(blocks.length / blockBytes);
  for (let i = 0, at = offset; i < halves.length; i++, at += blockBytes) {
    halves[i] = (blocks[at] ?? 0) | ((blocks[at + 1] ?? 0) << 8);
  }
  return float16ToFloat32(halves);
}

/** Block: scale d, then 16 bytes; low nibbles are values 0-15, high nibbles 16-31. Value = d (q - 8). */
function fromQ4Zero(blocks: Uint8Array): Float32Array {
  const scales = halvesAt(blocks, 18, 0);
  const out = new Float32Array(scales.length * 32);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 18 + 2 + j] ?? 0;
      out[block * 32 + j] = d * ((pair & 15) - 8);
      out[block * 32 + 16 + j] = d * ((pair >> 4) - 8);
    }
  }
  return out;
}

/** Block: scale d, minimum m, then nibbles as in Q4_0. Value = d q + m. */
function fromQ4One(blocks: Uint8Array): Float32Array {
  const scales = halvesAt(blocks, 20, 0);
  const minima = halvesAt(blocks, 20, 2);
  const out = new Float32Array(scales.length * 32);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    const m = minima[block] ?? 0;
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block * 20 + 4 + j] ?? 0;
      out[block * 32 + j] = d * (pair & 15) + m;
      out[block * 32 + 16 + j] = d * (pair >> 4) + m;
    }
  }
  return out;
}

/** Block: scale d, then 32 signed bytes. Value = d q. */
function fromQ8Zero(blocks: Uint8Array): Float32Array {
  const scales = halvesAt(blocks, 34, 0);
  const quants = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  const out = new Float32Array(scales.length * 32);
  for (let block = 0; block < scales.length; block++) {
    const d = scales[block] ?? 0;
    for (let j = 0; j < 32; j++) out[block * 32 + j] = d * (quants[block * 34 + 2 + j] ?? 0);
  }
  return out;
}
