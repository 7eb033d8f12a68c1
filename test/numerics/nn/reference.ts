import { decodeSafetensors } from '@prad/formats';
import { encodeOnnx } from '@prad/graph';
import {
  adapterFor,
  architectureFor,
  fedWeights,
  servedGraph,
  type LanguageModel,
  type LoadedAdapter,
  type ModelAdapter,
} from '@prad/nn';
import { runGraph } from '@prad/runtime';
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

/** An adapter as it is trained and stored. */
export interface TrainedAdapter {
  readonly adapter: ModelAdapter;
  readonly tensors: Tensors;
}

/** An adapter of test/reference, for example `lora-qv`. */
export async function referenceAdapter({ folder, model }: TinyModel, name: string): Promise<TrainedAdapter> {
  const { metadata, tensors } = await decodeSafetensors(referenceBytes(`${folder}/${name}.safetensors`));
  const options: unknown = JSON.parse(metadata['options'] ?? '{}');
  return { adapter: adapterFor(model, metadata['method'] ?? '', options), tensors };
}

/** The adapter as it is served. */
export async function loaded(
  { model, weights }: TinyModel,
  { adapter, tensors }: TrainedAdapter,
): Promise<LoadedAdapter> {
  const graph = servedGraph(model, adapter, (built) => fedWeights(built, model.parameters));
  const all = new Map([...weights, ...tensors]);
  const feeds = Object.fromEntries(graph.inputs.map(({ name }) => [name, named(all, name)]));
  return { adapter, served: new Map(Object.entries(await runGraph(encodeOnnx(graph), feeds))) };
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
