import type { ProductWeight } from './product-weights.js';

/** What the parts' names have behind that of the weight or, in `w8a8`, those of a product's weights. */
export const parts = {
  quantised: '.quantised',
  scales: '.scales',
  zeroPoints: '.zero_points',
  rows: '.rows',
} as const;

/** Reads a weight as float32 [rows, columns] = [out, in] and rounds it; an error names the tensor. */
export type RoundWeight = <T>(
  weight: ProductWeight,
  round: (values: Float32Array, size: { readonly rows: number; readonly columns: number }) => T,
) => Promise<T>;
