import type { ByteSource } from '../byte-source.js';
import type { GgufTensor } from './header.js';

const PIECE_BYTES = 8 << 20;

/**
 * A tensor's values as float32, in the file's own row order. Its stored bytes are in memory a piece at a time only.
 * @param pieceBytes about how many; rounded down to whole blocks, of which there is one at least.
 */
export async function readGgufTensor(
  source: ByteSource,
  { type, byteOffset, byteLength }: GgufTensor,
  pieceBytes = PIECE_BYTES,
): Promise<Float32Array> {
  const values = new Float32Array((byteLength / type.bytes) * type.values);
  const step = Math.max(1, Math.floor(pieceBytes / type.bytes)) * type.bytes;
  for (let start = 0; start < byteLength; start += step) {
    const blocks = await source.read(byteOffset + start, Math.min(step, byteLength - start));
    const first = (start / type.bytes) * type.values;
    type.dequantize(blocks, values.subarray(first, first + (blocks.length / type.bytes) * type.values));
  }
  return values;
}
