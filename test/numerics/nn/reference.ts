import { decodeSafetensors } from '@prad/formats';
import { adapterFor, architectureFor, type LanguageModel, type LoadedAdapter } from '@prad/nn';
import { float16ToFloat32, tensor, type HostTensor } from '@prad/tensor';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Device, SessionOptions } from '@prad/runtime';
import { expect } from 'vitest';

export type Tensors = ReadonlyMap<string, HostTensor>;

const root = new URL('../../reference/', import.meta.url);

/** Where a file of test/reference lies. */
export function referencePath(path: string): string {
  return fileURLToPath(new URL(path, root));
}

function referenceBytes(path: string): Buffer {
  return readFileSync(referencePath(path));
}

export function referenceJson(path: string): unknown {
  return JSON.parse(referenceBytes(path).toString('utf8'));
}

export async function referenceTensors(path: string): Promise<Tensors> {
  return (await decodeSafetensors(referenceBytes(path))).tensors;
}

/** A tiny model of test/reference with its weights in memory. */
export interface TinyModel {
  readonly folder: string;
  readonly model: LanguageModel;
  readonly weights: Tensors;
  /** Where it is run; the CPU where nothing is said. */
  readonly device?: Device;
}

export async function tinyModel(folder: string, device: Device = 'cpu'): Promise<TinyModel> {
  const model = architectureFor(referenceJson(`${folder}/config.json`));
  return { folder, model, weights: await storedWeightsOf(folder), device };
}

/** How a model's graphs are run in tests. */
export function runOptions({ device = 'cpu' }: TinyModel): SessionOptions {
  return { intraOpThreads: 1, device };
}

/** All tensors of a model folder, in one file or in shards; halves as float32. */
async function storedWeightsOf(folder: string): Promise<Tensors> {
  const index = `${folder}/model.safetensors.index.json`;
  const files = existsSync(referencePath(index))
    ? new Set(Object.values((referenceJson(index) as { weight_map: Record<string, string> }).weight_map))
    : ['model.safetensors'];
  const all = await Promise.all([...files].map((file) => referenceTensors(`${folder}/${file}`)));
  return new Map(all.flatMap((tensors) => [...tensors].map(([name, stored]) => [name, asFloat32(stored)])));
}

function asFloat32(stored: HostTensor): HostTensor {
  return stored.dtype === 'float16' ? tensor('float32', stored.shape, float16ToFloat32(stored.data)) : stored;
}

/**
 * An adapter of test/reference, for example `lora-qv`. Its file has the complete options of the method; of those in use
 * here, `alpha` is what the options call `scale`, and the others have the values that the methods here always take.
 */
export async function referenceAdapter({ folder, model }: TinyModel, name: string): Promise<LoadedAdapter> {
  const { metadata, tensors } = await decodeSafetensors(referenceBytes(`${folder}/${name}.safetensors`));
  const { rank, alpha, scale, targets } = JSON.parse(metadata['options'] ?? '{}') as Record<string, unknown>;
  const options = { rank, scale: alpha ?? scale, ...(targets === undefined ? {} : { targets }) };
  return { adapter: adapterFor(model, metadata['method'] ?? '', options), tensors };
}

export function floats(tensor: HostTensor | undefined): Float32Array {
  if (tensor?.dtype !== 'float32')
    throw new Error(`a float32 tensor expected, got ${tensor?.dtype ?? 'nothing'}`);
  return tensor.data;
}

export function int64(tensor: HostTensor | undefined): number[] {
  if (tensor?.dtype !== 'int64')
    throw new Error(`an int64 tensor expected, got ${tensor?.dtype ?? 'nothing'}`);
  return Array.from(tensor.data, Number);
}

export function named(tensors: Tensors, name: string): HostTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`no reference tensor ${name}`);
  return found;
}

/** Largest difference at most `relative` times the largest expected magnitude. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  what = 'values',
): void {
  expect(actual.length, `${what}: count`).toBe(expected.length);
  let [scale, gap] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    gap = Number.isNaN(difference) ? Infinity : Math.max(gap, difference);
  }
  expect(gap, `${what}: largest difference at a scale of ${scale}`).toBeLessThanOrEqual(relative * scale);
}

/** Largest difference over the largest magnitude of the second. */
export function relativeGap(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let [scale, gap] = [0, 0];
  for (let i = 0; i < right.length; i++) {
    scale = Math.max(scale, Math.abs(right[i]!));
    gap = Math.max(gap, Math.abs(left[i]! - right[i]!));
  }
  return gap / scale;
}
