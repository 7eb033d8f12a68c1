import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tensor, type HostTensor } from '@prad/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../testing/damage.js';
import { errorOf, outcome } from '../../testing/outcome.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { encodeSafetensors } from './encode.js';
import { decodeSafetensors, openSafetensors } from './safetensors-file.js';
import { writeSafetensors, type SafetensorsSource } from './write.js';

const at = temporaryFolder();

const tensors = new Map<string, HostTensor>([
  ['b', tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4))],
  ['10', tensor('float16', [2], Uint16Array.of(0x3c00, 0xc000))],
  ['9', tensor('int64', [1], BigInt64Array.of(-7n))],
  ['a', tensor('bool', [3], Uint8Array.of(1, 0, 1))],
  ['none', tensor('float32', [0, 4], new Float32Array(0))],
  ['scalar', tensor('int32', [], Int32Array.of(5))],
]);

/** A file with this header and so many data bytes. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('encodeSafetensors', () => {
  it('is read back as it was', async () => {
    const { tensors: read, metadata } = await decodeSafetensors(encodeSafetensors(tensors, { format: 'pt' }));
    expect(read).toEqual(new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1))));
    expect(metadata).toEqual({ format: 'pt' });
  });

  it('gives the same bytes whatever order tensors and metadata come in', () => {
    const one = encodeSafetensors(tensors, { x: '1', '2': 'y', a: 'b' });
    const other = encodeSafetensors(new Map([...tensors].reverse()), { a: 'b', x: '1', '2': 'y' });
    expect(Buffer.compare(one, other)).toBe(0);
    const header = Buffer.from(one.subarray(8)).toString('latin1');
    expect(
      header.startsWith('{"__metadata__":{"2":"y","a":"b","x":"1"},"10":{"dtype":"F16","shape":[2],'),
    ).toBe(true);
    expect(header.indexOf('"9"')).toBeLessThan(header.indexOf('"a":{"dtype"'));
  });

  it('refuses to write the metadata key as a tensor', () => {
    const reserved = new Map([['__metadata__', tensor('int32', [], Int32Array.of(1))]]);
    expect(() => encodeSafetensors(reserved)).toThrow(/cannot hold the name "__metadata__"/);
  });
});

describe('reading', () => {
  it('converts floats and refuses what is not float', async () => {
    const values = Buffer.alloc(24);
    values.writeUInt16LE(0x3f80, 0);
    values.writeUInt16LE(0xc000, 2);
    values.writeFloatLE(2.5, 4);
    values.writeDoubleLE(0.1, 8);
    values.writeBigInt64LE(3n, 16);
    const header = {
      bf: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] },
      f: f32(4, 8),
      d: { dtype: 'F64', shape: [1], data_offsets: [8, 16] },
      i: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
    };
    await writeFile(at('floats'), Buffer.concat([fileOf(header, 0), values]));
    const file = await openSafetensors(at('floats'));
    expect([...(await file.readFloat32('bf'))]).toEqual([1, -2]);
    expect([...(await file.readFloat32('f'))]).toEqual([2.5]);
    expect([...(await file.readFloat32('d'))]).toEqual([Math.fround(0.1)]);
    expect(await file.read('bf')).toEqual(tensor('float32', [2], Float32Array.of(1, -2)));
    expect((await errorOf(() => file.readFloat32('i'))).message).toMatch(/tensor "i": expected F32.*got I64/);
    expect(await errorOf(() => file.read('x'))).toMatchObject({ kind: 'notFound', code: 'tensor_not_found' });
    await file.close();
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /0 bytes long/],
    ['a header longer than the file', fileOf({}, 0).slice(0, 9), /states a header of 2 bytes/],
    ['a header over the limit', Buffer.from('ffffffffffffff7f7b7d', 'hex'), /the limit is 100000000/],
    ['an array header', fileOf('[]', 0), /does not begin with \{/],
    ['broken JSON', fileOf('{"a"', 0), /not valid JSON/],
    [
      'a doubled tensor',
      fileOf(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(0, 4))}}`, 4),
      /"a" is written twice/,
    ],
    ['deep nesting', fileOf('{"a":[[[]]]}', 0), /deeper than 3/],
    ['an unknown dtype', fileOf({ a: { ...f32(0, 4), dtype: 'F31' } }, 4), /tensor "a": unknown dtype "F31"/],
    ['a negative shape', fileOf({ a: f32(0, 4, [-1]) }, 4), /shape must be/],
    [
      'a fractional offset',
      fileOf({ a: { ...f32(0, 4), data_offsets: [0, 4.5] } }, 4),
      /data_offsets must be/,
    ],
    ['a shape that needs other bytes', fileOf({ a: f32(0, 8, [3]) }, 8), /\[3\] takes 12 bytes.*span 8/],
    ['a shape beyond all numbers', fileOf({ a: f32(0, 8, [2 ** 40, 2 ** 40]) }, 8), /span 8/],
    ['an overlap', fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12), /"b" overlaps/],
    ['a hole', fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12), /"b" leaves a hole.*expected offset 4, got 8/],
    ['missing data', fileOf({ a: f32(0, 8) }, 7), /is truncated/],
    ['data after the end', fileOf({ a: f32(0, 8) }, 9), /bytes after its last tensor/],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }, 0), /metadata "a" that is not text/],
  ])('refuses %s', async (_, bytes, message) => {
    const error = await errorOf(() => decodeSafetensors(bytes));
    expect(error.kind).toBe('invalid');
    expect(error.message).toMatch(message);
  });

  it('names the path of a missing file and of a folder', async () => {
    expect(await errorOf(() => openSafetensors(at('missing')))).toMatchObject({ kind: 'notFound' });
    expect(await errorOf(() => openSafetensors(at()))).toMatchObject({ kind: 'invalid', code: 'not_a_file' });
  });

  it('never fails otherwise on random or damaged bytes', async () => {
    const valid = encodeSafetensors(tensors, { format: 'pt' });
    const bytes = fc.oneof(damaged(valid), fc.uint8Array({ maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(bytes, async (file) => {
        await outcome(() => decodeSafetensors(file));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('writeSafetensors', () => {
  const sources = [...tensors].map(([name, { shape, data }]): SafetensorsSource => {
    const dtypes = { b: 'F32', '10': 'F16', '9': 'I64', a: 'BOOL', none: 'F32', scalar: 'I32' } as const;
    return { name, dtype: dtypes[name as keyof typeof dtypes], shape, read: () => Promise.resolve(data) };
  });

  it('writes what encode gives, and its digest', async () => {
    const { sha256, byteLength } = await writeSafetensors(at('same'), sources, { format: 'pt' });
    const bytes = await readFile(at('same'));
    expect(Buffer.compare(bytes, encodeSafetensors(tensors, { format: 'pt' }))).toBe(0);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(byteLength).toBe(bytes.length);
  });

  it('begins the data on the asked boundary and tells where each tensor lies', async () => {
    const written = await writeSafetensors(at('aligned'), sources, {}, { align: 4096 });
    const file = await openSafetensors(at('aligned'));
    expect(file.dataOffset % 4096).toBe(0);
    expect(file.tensors).toEqual(written.tensors);
    const { byteOffset = 0 } = written.tensors.get('b') ?? {};
    expect((await readFile(at('aligned'))).readFloatLE(byteOffset + 8)).toBe(3);
    await file.close();
  });

  it('reads one tensor at a time, in file order', async () => {
    const order: string[] = [];
    let open = 0;
    const slow = ['z', 'y', 'x'].map((name) => ({
      name,
      dtype: 'F32' as const,
      shape: [1],
      read: async () => {
        expect(open++).toBe(0);
        await new Promise(setImmediate);
        open--;
        order.push(name);
        return Float32Array.of(1);
      },
    }));
    await writeSafetensors(at('order'), slow);
    expect(order).toEqual(['x', 'y', 'z']);
  });

  it('leaves nothing when a tensor cannot be read or has another size', async () => {
    const broken = {
      name: 'w',
      dtype: 'F32' as const,
      shape: [2],
      read: () => Promise.resolve(new Float32Array(3)),
    };
    const error = await errorOf(() => writeSafetensors(at('broken'), [broken]));
    expect(error).toMatchObject({ kind: 'bug', code: 'safetensors_length' });
    const full = {
      ...broken,
      read: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    expect(await errorOf(() => writeSafetensors(at('broken'), [full]))).toMatchObject({ kind: 'exhausted' });
    expect((await readdir(at())).filter((name) => name.includes('broken'))).toEqual([]);
  });
});
