import type { HostTensor } from '@prad/tensor';
import { safetensorsDtypeOf } from './dtype.js';
import { layOut } from './layout.js';

/** A whole small file in memory, such as an adapter. The same tensors and metadata give the same bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const declarations = [...tensors].map(([name, { dtype, shape }]) => ({
    name,
    dtype: safetensorsDtypeOf[dtype],
    shape,
  }));
  const { header, entries, byteLength } = layOut(declarations, metadata, 8);
  const bytes = new Uint8Array(byteLength);
  bytes.set(header);
  for (const { name, byteOffset } of entries) {
    const data = tensors.get(name)?.data;
    if (data !== undefined)
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), byteOffset);
  }
  return bytes;
}
