import type { HostTensor } from '@prad/tensor';
import { expect, it } from 'vitest';
import { architectureFor } from '../architectures/registry.js';
import { initialise } from '../random/initialise.js';
import { bankLayout } from './bank-layout.js';
import { adapterFor } from './registry.js';
import { stackBank, type BankMemory, type LoadedAdapter } from './stack-bank.js';
import { servedTensorName } from './tensor-names.js';

const model = architectureFor({
  ...{ model_type: 'llama', hidden_size: 8, intermediate_size: 16, vocab_size: 32 },
  ...{ num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 16 },
  ...{ rms_norm_eps: 1e-5, hidden_act: 'silu', tie_word_embeddings: true },
});

/** A LoRA whose served tensors are its factors. */
function lora(rank: number, seed: number): LoadedAdapter {
  const adapter = adapterFor(model, 'lora', { rank, init: 'released' });
  const tensors = [...initialise(adapter.parameters, seed).values()];
  const names = adapter.parts.flatMap(({ family, sites }) =>
    sites.flatMap((site) =>
      family.tensors(site, rank).map(({ name }) => servedTensorName(site, family, name)),
    ),
  );
  return { adapter, served: new Map(names.map((name, index) => [name, tensors[index]!])) };
}

const adapters = [lora(2, 1), lora(4, 2)];
const layout = bankLayout(adapters.map(({ adapter }) => adapter));
const stacked = (members: readonly LoadedAdapter[], memory?: BankMemory): Record<string, HostTensor> => ({
  ...stackBank(layout, members, model.dimensions, memory).feeds,
});

it('pads ranks with zeros behind a slot of zeros', () => {
  const [small, large] = adapters.map(({ served }) => [...served.values()]);
  const [a, b] = Object.values(stacked(adapters));
  expect([a!.shape, b!.shape]).toEqual([
    [3, 8, 4],
    [3, 4, 4],
  ]);
  const slot = (of: HostTensor, index: number): number[] => {
    const size = of.data.length / 3;
    return Array.from(of.data.subarray(index * size, (index + 1) * size) as Float32Array);
  };
  expect(slot(a!, 0)).toEqual(Array(32).fill(0));
  const columns = Array.from({ length: 8 }, (_, row) => [
    ...small![0]!.data.slice(2 * row, 2 * row + 2),
    0,
    0,
  ]);
  expect(slot(a!, 1)).toEqual(columns.flat());
  expect(slot(b!, 1)).toEqual([...small![1]!.data, ...Array<number>(8).fill(0)]);
  expect([slot(a!, 2), slot(b!, 2)]).toEqual(large!.slice(0, 2).map(({ data }) => [...data]));
});

it('is the same in memory that held something else, and longer', () => {
  const used: BankMemory = (bytes) => new Float32Array(bytes / 4 + 16).fill(Number.NaN).buffer;
  expect(stacked(adapters, used)).toEqual(stacked(adapters));
});
