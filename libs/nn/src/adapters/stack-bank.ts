import { AppError } from '@prad/errors';
import { tensor, type HostTensor, type Shape, type TensorOf } from '@prad/tensor';
import type { Site } from '../architectures/site.js';
import type { AdapterFamily, FamilyTensor } from './adapter-family.js';
import { bankInput, bankLayout, bankLayoutKey, type BankFamily, type BankLayout } from './bank-layout.js';
import type { ModelAdapter } from './registry.js';
import { stackVirtualTokens, type TokenDimensions } from './stack-virtual-tokens.js';
import { servedTensorName } from './tensor-names.js';

/** A trained adapter in memory. */
export interface LoadedAdapter {
  readonly adapter: ModelAdapter;
  /** What `servedGraph` makes of its tensors. */
  readonly served: ReadonlyMap<string, HostTensor>;
}

/** One row of a batch: its tokens, and the index of its adapter among the stacked ones. */
export interface BankRow {
  readonly tokens: readonly number[];
  readonly adapter: number | undefined;
}

/** What is fed for the inputs that `adapterBank` declares. */
export interface StackedBank {
  /** The tensors; the same for every batch. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** What a batch's rows take. */
  readonly rows: (rows: readonly BankRow[]) => Record<string, HostTensor>;
}

/**
 * Stacks adapters of different families and ranks. Each family's tensors are padded with zeros to its largest rank
 * at a site, which changes no delta; slot 0 of a family is zero throughout, for the rows of others.
 *
 * Ids from the model's vocabulary size on are an adapter's own tokens.
 */
export function stackBank(
  layout: BankLayout,
  adapters: readonly LoadedAdapter[],
  dimensions: TokenDimensions,
): StackedBank {
  requireRoom(layout, adapters);
  const families = layout.families.map((entry) => ({
    ...entry,
    members: adapters.filter(({ adapter }) =>
      adapter.parts.some(({ family }) => family.key === entry.family.key),
    ),
  }));
  const virtual = layout.virtualTokens ? stackVirtualTokens(adapters, dimensions) : undefined;
  const feeds = Object.fromEntries(families.flatMap(({ members, ...entry }) => familyFeeds(entry, members)));
  const rows = (batch: readonly BankRow[]): Record<string, HostTensor> => ({
    ...Object.fromEntries(
      families.map(({ family, members }) => {
        const slots = batch.map(({ adapter }) => 1 + members.indexOf(chosen(adapters, adapter) ?? noMember));
        return [bankInput.row(family), tensor('int64', [slots.length], BigInt64Array.from(slots, BigInt))];
      }),
    ),
    ...virtual?.rows(batch),
  });
  return { feeds: { ...feeds, ...virtual?.feeds }, rows };
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
  const key = bankLayoutKey(layout);
  const wanted = bankLayoutKey(
    bankLayout(
      adapters.map(({ adapter }) => adapter),
      layout,
    ),
  );
  if (wanted !== key) throw bankError(`no room for ${wanted} in a layout of ${key}`);
}

function familyFeeds(
  { family, sites }: BankFamily,
  members: readonly LoadedAdapter[],
): [string, HostTensor][] {
  return sites.flatMap((site) => {
    const ranks = members.map(({ adapter }) => rankAt(adapter, family, site));
    return family.tensors(site, Math.max(1, ...ranks.map((rank) => rank ?? 0))).map((spec) => {
      const name = servedTensorName(site, family, spec.name);
      const sources = members.map(({ served }, index) =>
        ranks[index] === undefined ? undefined : (served.get(name) ?? missing(name)),
      );
      return [bankInput.tensor(site, family, spec.name), stack(spec, name, sources)] satisfies [
        string,
        HostTensor,
      ];
    });
  });
}

/** The rank of an adapter at a site; undefined where it has nothing there. */
function rankAt({ parts }: ModelAdapter, { key }: AdapterFamily, { module }: Site): number | undefined {
  const part = parts.find(
    ({ family, sites }) => family.key === key && sites.some((site) => site.module === module),
  );
  return part?.rank;
}

/** [n + 1, ...] with vectors as [n + 1, 1, ...], so that they broadcast over positions. */
function stack(
  spec: FamilyTensor,
  name: string,
  sources: readonly (HostTensor | undefined)[],
): TensorOf<'float32'> {
  const [rows, columns] = asMatrix(spec.shape);
  const data = new Float32Array((sources.length + 1) * rows * columns);
  sources.forEach((source, index) => {
    if (source) copyCorner(source, name, data.subarray((index + 1) * rows * columns), columns);
  });
  return tensor('float32', [sources.length + 1, rows, columns], data);
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

function missing(name: string): never {
  throw bankError(`tensor ${name} is missing`);
}

function bankError(problem: string): AppError {
  return new AppError({ kind: 'bug', code: 'adapter_bank', message: `adapter bank: ${problem}` });
}
