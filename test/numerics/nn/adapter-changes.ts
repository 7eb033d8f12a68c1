import { encodeOnnx } from '@prad/graph';
import { adapterFor, fedWeights, initialise, startGraph, type MaskPolicy } from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import type { Row } from './full-run.js';
import { floats, named, type TinyModel, type TrainedAdapter } from './reference.js';

/** The same rows, adapted where the policy says. */
export function masked(rows: readonly Row[], policy: MaskPolicy): Row[] {
  return rows.map(({ ids, prompt = ids.length }) => ({
    ids,
    prompt,
    mask: [...policy({ length: ids.length, promptLength: prompt })],
  }));
}

/** The adapter with some of its tensors changed. */
export function changed(
  { adapter, tensors }: TrainedAdapter,
  which: (name: string) => boolean,
  change: (x: number) => number,
): TrainedAdapter {
  const entries = [...tensors].map(([name, old]): [string, typeof old] =>
    which(name) ? [name, tensor('float32', old.shape, floats(old).map(change))] : [name, old],
  );
  return { adapter, tensors: new Map(entries) };
}

/** An untrained adapter with the same options. */
export async function fresh(
  { model, weights }: TinyModel,
  { adapter: { method, options } }: TrainedAdapter,
  init?: string,
): Promise<TrainedAdapter> {
  const adapter = adapterFor(model, method, { ...options, ...(init && { init }) });
  const random = initialise(adapter.parameters, 7);
  const graph = startGraph(model, adapter, (built) => fedWeights(built, model.parameters));
  if (!graph) return { adapter, tensors: random };
  const feeds = Object.fromEntries(graph.inputs.map((input) => [input.name, named(weights, input.name)]));
  const made = await runGraph(encodeOnnx(graph), feeds);
  return { adapter, tensors: new Map([...random, ...Object.entries(made)]) };
}

/** The file `<name>.losses.json` of test/reference. */
export interface LossCurve {
  readonly learning_rate: number;
  readonly warmup_ratio: number;
  readonly clip_norm: number;
  readonly losses: readonly number[];
  readonly gradient_norms: readonly number[];
}
