import { GGMLQuantizationType } from '@huggingface/gguf';
import type { BlockType } from './block-type.js';
import { fromBf16, fromF16, fromF32 } from './float-blocks.js';
import { fromQ2K, fromQ3K, fromQ4K, fromQ5K, fromQ6K } from './k-blocks.js';
import { fromQ4Zero, fromQ4One, fromQ5Zero, fromQ5One, fromQ8Zero } from './simple-blocks.js';

/** The types that can be read, by their number in the file (`enum ggml_type` of ggml.h). */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map([
  [0, { name: 'F32', values: 1, bytes: 4, dequantize: fromF32 }],
  [1, { name: 'F16', values: 1, bytes: 2, dequantize: fromF16 }],
  [2, { name: 'Q4_0', values: 32, bytes: 18, dequantize: fromQ4Zero }],
  [3, { name: 'Q4_1', values: 32, bytes: 20, dequantize: fromQ4One }],
  [6, { name: 'Q5_0', values: 32, bytes: 22, dequantize: fromQ5Zero }],
  [7, { name: 'Q5_1', values: 32, bytes: 24, dequantize: fromQ5One }],
  [8, { name: 'Q8_0', values: 32, bytes: 34, dequantize: fromQ8Zero }],
  [10, { name: 'Q2_K', values: 256, bytes: 84, dequantize: fromQ2K }],
  [11, { name: 'Q3_K', values: 256, bytes: 110, dequantize: fromQ3K }],
  [12, { name: 'Q4_K', values: 256, bytes: 144, dequantize: fromQ4K }],
  [13, { name: 'Q5_K', values: 256, bytes: 176, dequantize: fromQ5K }],
  [14, { name: 'Q6_K', values: 256, bytes: 210, dequantize: fromQ6K }],
  [30, { name: 'BF16', values: 1, bytes: 2, dequantize: fromBf16 }],
]);

/** What ggml calls a type, readable here or not: `IQ4_XS`; `ggml type 99` where it is not known. */
export function blockTypeName(type: number): string {
  const names: Readonly<Record<number, string | undefined>> = GGMLQuantizationType;
  return names[type] ?? `ggml type ${type}`;
}
