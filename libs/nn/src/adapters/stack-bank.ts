import { AppError } from '@prad/errors';
import { tensor, type HostTensor, type Shape, type TensorOf } from '@prad/tensor';
import type { Site } from '../architectures/site.js';
import { adapterTensorName, type AdapterFamily, type AdapterParameter } from './adapter-method.js';
import { bankInput, bankLayout, bankLayoutKey, type BankFamily, type BankLayout } from './bank-layout.js';
import type { ModelAdapter } from './registry.js';

/** A trained adapter in memory, its tensors under their full names. */
export interface LoadedAdapter {
  readonly adapter: ModelAdapter;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** What is fed for the inputs that `adapterBank` declares. */
export interface StackedBank {
  /** The tensors; the same for every batch. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** The choice of each row of a batch: an index into the stacked adapters, or undefined for none. */
  readonly rows: (choice: readonly (number | undefined)[]) => Record<string, HostTensor>;
}

/**
 * Stacks adapters of different families and ranks. Each family's tensors are padded with zeros to its largest rank
 * at a site, which changes no delta; slot 0 of a family is zero throughout, for the rows of others.
 */
export function stackBank(layout: BankLayout, adapters: readonly LoadedAdapter[]): StackedBank {
  requireRoom(layout, adapters);
  const families = layout.map((entry) => ({
    ...entry,
    members: adapters.filter(({ adapter }) => adapter.family.name === entry.family.name),
  }));
  const feeds = Object.fromEntries(families.flatMap(({ members, ...entry }) => familyFeeds(entry, members)));
  const rows = (choice: readonly (number | undefined)[]): Record<string, HostTensor> =>
    Object.fromEntries(
      families.map(({ family, members }) => {
        const slots = choice.map((index) => 1 + members.indexOf(chosen(adapters, index) ?? noMember));
        return [bankInput.row(family), tensor('int64', [slots.length], BigInt64Array.from(slots, BigInt))];
      }),
    );
  return { feeds, rows };
}

// Found in no family, so that a row without an adapter takes slot 0 everywhere.
const noMember = {} as LoadedAdapter;

function chosen(adapters: readonly LoadedAdapter[], index: number | undefined): LoadedAdapter | undefined {
  if (index === undefined) return undefined;
  const found = adapters[index];
  if (!found) throw bankError(`row asks for adapter ${index} of ${adapters.length}`);
  return found;
}

function requireRoom(layout: BankLayout, adapters: readonly LoadedAdapter[]): void {
  const known = new Set(layout.flatMap(({ family, sites }) => sites.map((site) => siteKey(family, site))));
  for (const { adapter } of adapters) {
    if (adapter.sites.some((site) => !known.has(siteKey(adapter.family, site)))) {
      const needed = bankLayoutKey(bankLayout([adapter]));
      throw bankError(`no room for ${needed} in a layout of ${bankLayoutKey(layout)}`);
    }
  }
}

const siteKey = (family: AdapterFamily, site: Site): string => `${family.name} ${site.module}`;

function familyFeeds(
  { family, sites }: BankFamily,
  members: readonly LoadedAdapter[],
): [string, HostTensor][] {
  const scales = Float32Array.of(0, ...members.map(({ adapter }) => adapter.options.scale));
  const stacked = sites.flatMap((site) => {
    const ranks = members.map(({ adapter }) => rankAt(adapter, site));
    return family.parameters(site, { rank: Math.max(1, ...ranks), init: 'identity' }).map((spec) => {
      const name = adapterTensorName(site, family, spec.name);
      return [bankInput.tensor(name), stack(spec, name, members)] satisfies [string, HostTensor];
    });
  });
  return [[bankInput.scale(family), tensor('float32', [scales.length, 1, 1], scales)], ...stacked];
}

function rankAt({ sites, options }: ModelAdapter, { module }: Site): number {
  return sites.some((site) => site.module === module) ? options.rank : 0;
}

/** [n, ...] with vectors as [n, 1, ...], so that they broadcast over positions. */
function stack(spec: AdapterParameter, name: string, members: readonly LoadedAdapter[]): TensorOf<'float32'> {
  const [rows, columns] = asMatrix(spec.shape);
  const data = new Float32Array((members.length + 1) * rows * columns);
  members.forEach(({ adapter, tensors }, index) => {
    const source = tensors.get(name);
    if (!source) {
      if (adapter.parameters.some((parameter) => parameter.name === name))
        throw bankError(`tensor ${name} is missing`);
      return;
    }
    copyCorner(source, name, data.subarray((index + 1) * rows * columns), columns);
  });
  return tensor('float32', [members.length + 1, rows, columns], data);
}

function copyCorner(source: HostTensor, name: string, target: Float32Array, columns: number): void {
  if (source.dtype !== 'float32') throw bankError(`tensor ${name} is ${source.dtype}, expected float32`);
  const [height, width] = asMatrix(source.shape);
  for (let row = 0; row < height; row++) {
    target.set(source.data.subarray(row * width, (row + 1) * width), row * columns);
  }
}

function asMatrix(shape: Shape): [number, number] {
  const [first, second] = shape;
  if (first === undefined || shape.length > 2)
    throw bankError(`a tensor [${shape.join()}] is no matrix or vector`);
  return second === undefined ? [1, first] : [first, second];
}

function bankError(problem: string): AppError {
  return new AppError({ kind: 'bug', code: 'adapter_bank', message: `adapter bank: ${problem}` });
}
