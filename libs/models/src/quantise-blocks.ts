import { checkFinite } from './check-finite.js';
import { roundBlock4, roundBlock8 } from './round-block.js';

/** Bits of a number. */
export type BlockBits = 4 | 8;

/** Weights along K that share a scale: the smallest block of MatMulNBits' fast kernels, so the most exact. */
export const BLOCK_SIZE = 32;

/** The tensors of a weight [N, K] as onnxruntime's MatMulNBits reads them; blocks = ceil(K / 32). */
export interface BlockWeight {
  /** uint8 [N, blocks, 4 * bits]; of two 4-bit numbers in a byte the first is the low one. */
  readonly quantised: Uint8Array;
  /** float32 [N, blocks]. */
  readonly scales: Float32Array;
  /** 4 bits: uint8 [N, ceil(blocks / 2)], packed likewise. 8 bits: none, it is 128 throughout. */
  readonly zeroPoints: Uint8Array | undefined;
}

/**
 * Rounds a weight to whole numbers of 4 or 8 bits: W = (whole number - zero point) * scale, a scale for each block of
 * 32 along K. The last block of a row is padded with zeros.
 * @param values float32 [rows, columns], row major.
 * @throws AppError invalid `weight_not_finite`.
 */
export function quantiseBlocks(
  values: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  bits: BlockBits,
): BlockWeight {
  const blocks = Math.ceil(columns / BLOCK_SIZE);
  const zeroBytes = Math.ceil(blocks / 2);
  const quantised = new Uint8Array((rows * blocks * BLOCK_SIZE * bits) / 8);
  const scales = new Float32Array(rows * blocks);
  const zeroPoints = bits === 4 ? new Uint8Array(rows * zeroBytes) : undefined;
  const block = new Float32Array(BLOCK_SIZE);
  const codes = new Uint8Array(BLOCK_SIZE);
  for (let place = 0; place < rows * blocks; place++) {
    const [row, inRow] = [Math.floor(place / blocks), place % blocks];
    const from = row * columns + inRow * BLOCK_SIZE;
    block.fill(0);
    block.set(values.subarray(from, Math.min(from + BLOCK_SIZE, (row + 1) * columns)));
    checkFinite(block, row);
    if (zeroPoints) {
      const { scale, zero } = roundBlock4(block, codes);
      scales[place] = scale;
      putNibble(zeroPoints, 2 * row * zeroBytes + inRow, zero);
      for (let k = 0; k < BLOCK_SIZE; k++) putNibble(quantised, place * BLOCK_SIZE + k, codes[k] ?? 0);
    } else {
      scales[place] = roundBlock8(block, codes);
      quantised.set(codes, place * BLOCK_SIZE);
    }
  }
  return { quantised, scales, zeroPoints };
}

/** Writes the 4-bit number at `index` of memory that holds 0 there. */
function putNibble(bytes: Uint8Array, index: number, value: number): void {
  const byte = index >> 1;
  bytes[byte] = (bytes[byte] ?? 0) | (value << (4 * (index & 1)));
}
