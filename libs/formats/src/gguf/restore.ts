import { invalid } from '../invalid.js';
import type { GgufTensor } from './header.js';
import { unpermuteRows } from './interleaved-rows.js';

/** Numbers of heads of a model. */
export interface Heads {
  readonly heads: number;
  readonly kvHeads: number;
}

/** How a tensor becomes Hugging Face's again. */
export interface Restored {
  readonly shape: readonly number[];
  readonly values: (stored: Float32Array) => Float32Array;
}

/** Undoes what llama.cpp's converter does to some tensors of a family; undefined for the others. */
export type Restore = (tensor: GgufTensor, heads: Heads) => Restored | undefined;

/** llama: rows of q and k lie in the order of a RoPE that turns neighbouring pairs. */
export const orderedHeads: Restore = (tensor, { heads, kvHeads }) => {
  const [, part] = /\.attn_([qk])\.(?:weight|bias)$/.exec(tensor.name) ?? [];
  if (part === undefined) return undefined;
  const count = part === 'q' ? heads : kvHeads;
  const [rows = 0, columns = 1] = tensor.shape;
  if (rows % (2 * count) !== 0) throw wrongRows(tensor, count);
  return { shape: tensor.shape, values: (stored) => unpermuteRows(stored, count, columns) };
};

/** Gemma: the weights of norms had 1 added. */
export const loweredNorms: Restore = ({ name, shape }) =>
  name.endsWith('_norm.weight') ? { shape, values: (stored) => stored.map((value) => value - 1) } : undefined;

/** GPT-2: matrices were turned, Hugging Face's are [in, out]. */
export const turnedMatrices: Restore = ({ name, shape }) => {
  const [rows = 0, columns = 0] = shape;
  if (!/^blk\..*\.weight$/.test(name) || shape.length !== 2) return undefined;
  return { shape: [columns, rows], values: (stored) => transposed(stored, rows, columns) };
};

/** GPT-NeoX: all queries, then all keys and all values, where Hugging Face has the three of a head together. */
export const headwiseQkv: Restore = (tensor, { heads }) => {
  if (!/\.attn_qkv\.(?:weight|bias)$/.test(tensor.name)) return undefined;
  const [rows = 0, columns = 1] = tensor.shape;
  if (rows % (3 * heads) !== 0) throw wrongRows(tensor, heads);
  const size = (rows / heads / 3) * columns;
  return {
    shape: tensor.shape,
    values: (stored) => {
      const out = new Float32Array(stored.length);
      for (let part = 0; part < 3; part++) {
        for (let head = 0; head < heads; head++) {
          const from = (part * heads + head) * size;
          out.set(stored.subarray(from, from + size), (head * 3 + part) * size);
        }
      }
      return out;
    },
  };
};

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return out;
}

function wrongRows({ name, shape }: GgufTensor, heads: number): Error {
  return invalid(
    'gguf_malformed',
    `tensor ${JSON.stringify(name)} has ${shape[0] ?? 0} rows for ${heads} heads`,
    { tensor: name },
  );
}
