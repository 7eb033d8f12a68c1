import { checkFinite } from './check-finite.js';

/**
 * The largest whole number. Processors without VNNI or AMX add the products of two neighbours in 16 bits: 2 * 255 * 64
 * fits, 2 * 255 * 127 would be cut off. So every machine computes the same.
 */
const LARGEST = 64;

/** Where the columns of one weight lie among those of its product. */
export interface ChannelTarget {
  /** int8 [K, columns of all]. */
  readonly quantised: Int8Array;
  /** float32 [columns of all]. */
  readonly scales: Float32Array;
  /** The weight's first column. */
  readonly first: number;
}

/**
 * Rounds a weight W [N, K] to whole numbers from -64 to 64, each output channel in steps of its own, and writes it as
 * columns: W[n, k] = quantised[k, first + n] * scales[first + n].
 * @param values float32 [N, K], row major.
 * @throws AppError invalid `weight_not_finite`.
 */
export function quantiseChannels(
  values: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { quantised, scales, first }: ChannelTarget,
): void {
  const stride = scales.length;
  for (let row = 0; row < rows; row++) {
    const channel = values.subarray(row * columns, (row + 1) * columns);
    checkFinite(channel, row);
    let largest = 0;
    for (const value of channel) largest = Math.max(largest, Math.abs(value));
    const scale = largest / LARGEST;
    scales[first + row] = scale;
    const perStep = scale > 0 ? 1 / scale : 0;
    for (let k = 0; k < columns; k++) {
      quantised[k * stride + first + row] = Math.round((channel[k] ?? 0) * perStep);
    }
  }
}
