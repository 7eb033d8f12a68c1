import { GGUFValueType, type MetadataValue } from '@huggingface/gguf';

export interface TypedValue {
  readonly value: MetadataValue;
  readonly type: GGUFValueType;
  readonly subType?: GGUFValueType;
}

const fixedSizes: Partial<Record<GGUFValueType, number>> = {
  [GGUFValueType.UINT8]: 1,
  [GGUFValueType.INT8]: 1,
  [GGUFValueType.UINT16]: 2,
  [GGUFValueType.INT16]: 2,
  [GGUFValueType.UINT32]: 4,
  [GGUFValueType.INT32]: 4,
  [GGUFValueType.FLOAT32]: 4,
  [GGUFValueType.BOOL]: 1,
  [GGUFValueType.UINT64]: 8,
  [GGUFValueType.INT64]: 8,
  [GGUFValueType.FLOAT64]: 8,
};

/** Bytes that the key-value section of a GGUF file (version 2 or 3) with these values has; NaN for nested arrays. */
export function metadataByteLength(metadata: ReadonlyMap<string, TypedValue>): number {
  let total = 0;
  for (const [key, entry] of metadata) total += 8 + Buffer.byteLength(key) + 4 + valueByteLength(entry);
  return total;
}

function valueByteLength({ value, type, subType }: TypedValue): number {
  if (type !== GGUFValueType.ARRAY) return scalarByteLength(type, value);
  if (!Array.isArray(value) || subType === undefined || subType === GGUFValueType.ARRAY) return NaN;
  return value.reduce<number>((total, item) => total + scalarByteLength(subType, item), 12);
}

function scalarByteLength(type: GGUFValueType, value: MetadataValue): number {
  if (type === GGUFValueType.STRING) return typeof value === 'string' ? 8 + Buffer.byteLength(value) : NaN;
  return fixedSizes[type] ?? NaN;
}
