import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../byte-source.js';
import { blockTypeName, blockTypes } from './block-types.js';
import { readGgufTensor } from './read-tensor.js';

interface Reference {
  readonly blocks: string;
  readonly values: string;
}

const path = `${import.meta.dirname}/../../../../test/reference/gguf/blocks.json`;
const reference = JSON.parse(await readFile(path, 'utf8')) as Record<string, Reference>;

function referenceOf(name: string): { blocks: Uint8Array<ArrayBuffer>; bits: Uint32Array } {
  const { blocks = '', values = '' } = reference[name] ?? {};
  const floats = new Uint8Array(Buffer.from(values, 'base64'));
  return { blocks: new Uint8Array(Buffer.from(blocks, 'base64')), bits: new Uint32Array(floats.buffer) };
}

describe('blockTypes', () => {
  it('has reference values for every type', () => {
    expect([...blockTypes.values()].map(({ name }) => name).sort()).toEqual(Object.keys(reference).sort());
  });

  it('calls every type what ggml calls it', () => {
    for (const [number, { name }] of blockTypes) expect(blockTypeName(number)).toBe(name);
    expect([16, 34, 39, 99].map(blockTypeName)).toEqual(['IQ2_XXS', 'TQ1_0', 'MXFP4', 'ggml type 99']);
  });

  it.each([...blockTypes.values()])('reads $name bit for bit as the gguf package', (type) => {
    const { blocks, bits } = referenceOf(type.name);
    const out = new Float32Array((blocks.length / type.bytes) * type.values);
    expect(out.length).toBe(bits.length);
    expect(out.length).toBeGreaterThan(50);
    type.dequantize(blocks, out);
    expect([...new Uint32Array(out.buffer)]).toEqual([...bits]);
  });

  it.each([...blockTypes.values()])('reads $name in pieces', async (type) => {
    const { blocks, bits } = referenceOf(type.name);
    const tensor = {
      name: 'x',
      type,
      shape: [bits.length],
      byteOffset: 3,
      byteLength: blocks.length,
    };
    const source = bytesSource(Buffer.concat([Buffer.alloc(3), blocks]));
    for (const pieceBytes of [1, 2 * type.bytes + 1, blocks.length]) {
      const values = await readGgufTensor(source, tensor, pieceBytes);
      expect([...new Uint32Array(values.buffer)]).toEqual([...bits]);
    }
  });
});
