import type { Tensors } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';

/** `sum` + `weight` times `terms`, float32, by name. The first call has no sum yet; later ones add into its memory. */
export function weightedSum(sum: Tensors | undefined, terms: Tensors, weight: number): Tensors {
  return Object.fromEntries(
    Object.entries(terms).map(([name, term]) => [name, weighted(sum?.[name], term, weight)]),
  );
}

function weighted(sum: HostTensor | undefined, { shape, data }: HostTensor, weight: number): HostTensor {
  const values = sum ? (sum.data as Float32Array) : new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + weight * Number(data[i]);
  return tensor('float32', shape, values);
}
