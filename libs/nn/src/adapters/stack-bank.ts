import { AppError } from '@prad/errors';
import { tensor, type HostTensor, type Shape, type TensorOf } from '@prad/tensor';
import type { Site } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-family.js';
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
 * Gives at least `bytes` bytes to lay a bank's tensors in, which may hold anything. Memory of a bank that is no longer fed
 * is better than new memory: a fresh page costs more than what is copied into it.
 */
export type BankMemory = (bytes: number) => ArrayBuffer;

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
  memory: BankMemory = (bytes) => new ArrayBuffer(bytes),
): StackedBank {
  requireRoom(layout, adapters);
  const families = layout.families.map((entry) => ({
    ...entry,
    members: adapters.filter(({ adapter }) =>
      adapter.parts.some(({ family }) => family.key === entry.family.key),
    ),
  }));
  const virtual = layout.virtualTokens ? stackVirtualTokens(adapters, dimensions) : undefined;
  const feeds = laidOut(
    families.flatMap(({ members, ...entry }) => familyStacks(entry, members)),
    memory,
  );
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

/** One tensor of a bank before it is laid out: a slot of zeros, then one for each source. */
interface Stack {
  readonly feed: string;
  /** Rows and columns of a slot. */
  readonly slot: readonly [number, number];
  /** What is copied into a slot's corner; undefined for a member that has nothing there. */
  readonly sources: readonly (TensorOf<'float32'> | undefined)[];
}

function familyStacks({ family, sites }: BankFamily, members: readonly LoadedAdapter[]): Stack[] {
  return sites.flatMap((site) => {
    const ranks = members.map(({ adapter }) => rankAt(adapter, family, site));
    return family.tensors(site, Math.max(1, ...ranks.map((rank) => rank ?? 0))).map((spec) => {
      const name = servedTensorName(site, family, spec.name);
      return {
        feed: bankInput.tensor(site, family, spec.name),
        slot: asMatrix(spec.shape),
        sources: members.map(({ served }, index) =>
          ranks[index] === undefined ? undefined : float32(name, served.get(name)),
        ),
      };
    });
  });
}

function float32(name: string, found: HostTensor | undefined): TensorOf<'float32'> {
  if (found?.dtype === 'float32') return found;
  throw bankError(`tensor ${name} is ${found?.dtype ?? 'missing'}, expected float32`);
}

/** The rank of an adapter at a site; undefined where it has nothing there. */
function rankAt({ parts }: ModelAdapter, { key }: AdapterFamily, { module }: Site): number | undefined {
  const part = parts.find(
    ({ family, sites }) => family.key === key && sites.some((site) => site.module === module),
  );
  return part?.rank;
}

/** Where a tensor begins in a bank's memory is a multiple of this, for the sake of vector instructions. */
const ALIGNMENT = 64;

/** The tensors [n + 1, ...] side by side in one piece of memory, with vectors as [n + 1, 1, ...], so that they broadcast over positions. */
function laidOut(stacks: readonly Stack[], memory: BankMemory): Record<string, HostTensor> {
  const sizes = stacks.map(({ slot: [rows, columns], sources }) => (sources.length + 1) * rows * columns);
  const bytes = sizes.map((size) => Math.ceil((4 * size) / ALIGNMENT) * ALIGNMENT);
  const buffer = memory(bytes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  return Object.fromEntries(
    stacks.map(({ feed, slot, sources }, index) => {
      const data = new Float32Array(buffer, offset, sizes[index]);
      offset += bytes[index] ?? 0;
      fillSlots(data, slot, sources);
      return [feed, tensor('float32', [sources.length + 1, ...slot], data)];
    }),
  );
}

function fillSlots(data: Float32Array, [rows, columns]: Stack['slot'], sources: Stack['sources']): void {
  const size = rows * columns;
  data.fill(0, 0, size);
  sources.forEach((source, index) => {
    const slot = data.subarray((index + 1) * size, (index + 2) * size);
    if (source?.data.length === size) slot.set(source.data);
    else copyCorner(source, slot, columns);
  });
}

/** The source in the upper left of a slot that is zero elsewhere. */
function copyCorner(source: TensorOf<'float32'> | undefined, slot: Float32Array, columns: number): void {
  slot.fill(0);
  if (!source) return;
  const [height, width] = asMatrix(source.shape);
  for (let row = 0; row < height; row++) {
    slot.set(source.data.subarray(row * width, (row + 1) * width), row * columns);
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
