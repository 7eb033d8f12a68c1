import { AppError } from '@prad/errors';
import type { Shape } from '@prad/tensor';
import { safetensorsDtypes, type SafetensorsDtype } from './dtype.js';
import type { SafetensorsEntry } from './header.js';

/** One tensor to write: what the header must say of it. */
export interface SafetensorsDeclaration {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
}

export interface SafetensorsLayout {
  /** Length field and JSON, padded with spaces to `dataOffset`. */
  readonly header: Uint8Array;
  /** In file order. */
  readonly entries: readonly SafetensorsEntry[];
  readonly byteLength: number;
}

/** How tensors lie in the file: by name, or one after another as they are declared. */
export type SafetensorsOrder = 'name' | 'declared';

/** Order by UTF-16 code units: the same everywhere, whatever the locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Places tensors and makes the header bytes: the same declarations and metadata give the same bytes.
 * @param align the tensors' data begin at a multiple of it, reached with spaces after the JSON.
 * @throws AppError bug on a name that is written twice.
 */
export function layOut(
  declarations: readonly SafetensorsDeclaration[],
  metadata: Readonly<Record<string, string>>,
  align: number,
  order: SafetensorsOrder = 'name',
): SafetensorsLayout {
  const byName = [...declarations].sort((a, b) => byCodeUnits(a.name, b.name));
  const ordered = order === 'name' ? byName : declarations;
  let end = 0;
  const ranges = ordered.map(({ name, dtype, shape }) => {
    const byteLength = shape.reduce((product, size) => product * size, safetensorsDtypes[dtype]);
    const begin = end;
    end += byteLength;
    return { name, dtype, shape, begin, byteLength };
  });
  refuseDoubles(byName);
  const parts = ranges.map(({ name, dtype, shape, begin, byteLength }) =>
    member(name, JSON.stringify({ dtype, shape, data_offsets: [begin, begin + byteLength] })),
  );
  if (Object.keys(metadata).length > 0) parts.unshift(member('__metadata__', metadataJson(metadata)));
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const dataOffset = Math.ceil((8 + json.byteLength) / align) * align;
  const header = new Uint8Array(dataOffset).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(dataOffset - 8), true);
  header.set(json, 8);
  const entries = ranges.map(({ begin, ...rest }) => ({ ...rest, byteOffset: dataOffset + begin }));
  return { header, entries, byteLength: dataOffset + end };
}

/** Objects are written by hand because JavaScript's put number-like keys first, out of order. */
function member(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function metadataJson(metadata: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(metadata).sort(([a], [b]) => byCodeUnits(a, b));
  return `{${pairs.map(([key, value]) => member(key, JSON.stringify(value))).join(',')}}`;
}

function refuseDoubles(sorted: readonly SafetensorsDeclaration[]): void {
  sorted.forEach(({ name }, index) => {
    const fault = name === '__metadata__' ? 'as a tensor' : 'twice';
    if (fault === 'twice' && name !== sorted[index + 1]?.name) return;
    throw new AppError({
      kind: 'bug',
      code: 'safetensors_name',
      message: `a safetensors file cannot hold the name ${JSON.stringify(name)} ${fault}`,
    });
  });
}
