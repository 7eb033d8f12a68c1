/** How one ggml tensor type lays values out: blocks of `values` numbers in `bytes` bytes. */
export interface BlockType {
  /** As ggml and the gguf package write it. */
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  /** Whole blocks to float32, into `out`, which has room for exactly their values. */
  readonly dequantize: (blocks: Uint8Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>) => void;
}
