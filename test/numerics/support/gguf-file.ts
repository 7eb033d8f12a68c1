/** A value of GGUF's metadata. */
export type GgufValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly flag: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] };

export interface Float32Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const ALIGNMENT = 32;
const types = { u32: 4, i32: 5, f32: 6, flag: 7, text: 8, array: 9 };

/** The bytes of a GGUF file of version 3 with F32 tensors. */
export function ggufFile(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: ReadonlyMap<string, Float32Tensor>,
): Uint8Array {
  const pairs = Object.entries(metadata).flatMap(([key, value]) => [text(key), ...encoded(value)]);
  let offset = 0;
  const infos = [...tensors].flatMap(([name, { shape, values }]) => {
    const info = [text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(0), u64(offset)];
    offset += aligned(values.byteLength);
    return info;
  });
  const counts = [u64(tensors.size), u64(Object.keys(metadata).length)];
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), ...counts, ...pairs, ...infos]);
  const data = [...tensors.values()].map(({ values }) =>
    padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );
  return Buffer.concat([padded(header), ...data]);
}

function encoded(value: GgufValue): Buffer[] {
  if ('u32' in value) return [u32(types.u32), u32(value.u32)];
  if ('f32' in value) return [u32(types.f32), f32(value.f32)];
  if ('flag' in value) return [u32(types.flag), Buffer.of(Number(value.flag))];
  if ('text' in value) return [u32(types.text), text(value.text)];
  if ('texts' in value) {
    return [u32(types.array), u32(types.text), u64(value.texts.length), ...value.texts.map(text)];
  }
  return [u32(types.array), u32(types.i32), u64(value.i32s.length), ...value.i32s.map(u32)];
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
