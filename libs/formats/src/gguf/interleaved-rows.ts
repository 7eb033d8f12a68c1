/**
 * Undoes llama.cpp's reordering of q and k rows. Its RoPE for llama turns neighbouring pairs (2i, 2i+1), Hugging Face's
 * turns (i, i + D/2), so the converter (`LlamaModel.permute`) stored row 2i+j of a head from row i + j D/2.
 * @param values row major, [heads * D, columns].
 */
export function unpermuteRows(values: Float32Array, heads: number, columns: number): Float32Array {
  const rowsPerHead = values.length / columns / heads;
  const half = rowsPerHead / 2;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rowsPerHead; row++) {
      const from = (head * rowsPerHead + row) * columns;
      const to = (head * rowsPerHead + (row >> 1) + (row & 1) * half) * columns;
      out.set(values.subarray(from, from + columns), to);
    }
  }
  return out;
}
