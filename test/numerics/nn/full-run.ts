import { encodeOnnx, gradients, type Graph } from '@prad/graph';
import {
  answerCrossEntropy,
  fedTensors,
  fedWeights,
  fullPass,
  logitsGraph,
  trainableAdapter,
  type FullPassOptions,
  type ModelAdapter,
} from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { floats, runOptions, type TinyModel, type TrainedAdapter } from './reference.js';

/** One row: its tokens, what each position's delta is multiplied by, and how many tokens are prompt. */
export interface Row {
  readonly ids: readonly number[];
  readonly mask?: readonly number[];
  readonly prompt?: number;
}

/** Rows padded to a rectangle. */
export interface Batch {
  readonly rows: readonly Row[];
  readonly size: number;
  readonly tokens: number;
  readonly layout: BatchLayout;
  /** Where row b begins. */
  readonly start: readonly number[];
  readonly feeds: Readonly<
    Record<'input_ids' | 'position_ids' | 'attention_mask' | 'mask' | 'virtual_tokens', HostTensor>
  >;
}

/** How rows become a rectangle. */
interface BatchLayout {
  readonly side?: 'left' | 'right';
  /** More columns of padding than the longest row needs. */
  readonly extra?: number;
  /** Ids from here on are an adapter's own. */
  readonly vocabSize?: number;
  /** Position of the first token. */
  readonly firstPosition?: number;
}

const PAD = 2;

export function batchOf(rows: readonly Row[], layout: BatchLayout = {}): Batch {
  const { side = 'right', extra = 0, vocabSize = Infinity, firstPosition = 0 } = layout;
  const tokens = Math.max(...rows.map(({ ids }) => ids.length)) + extra;
  const start = rows.map(({ ids }) => (side === 'left' ? tokens - ids.length : 0));
  const cells = rows.length * tokens;
  const [ids, positions] = [new BigInt64Array(cells).fill(BigInt(PAD)), new BigInt64Array(cells).fill(1n)];
  const [attention, virtual] = [new BigInt64Array(cells), new BigInt64Array(cells)];
  const mask = new Float32Array(cells);
  rows.forEach((row, b) => {
    row.ids.forEach((id, t) => {
      const cell = b * tokens + start[b]! + t;
      ids[cell] = BigInt(id < vocabSize ? id : 0);
      if (id >= vocabSize) virtual[cell] = BigInt(1 + id - vocabSize);
      positions[cell] = BigInt(firstPosition + t);
      attention[cell] = 1n;
      mask[cell] = row.mask?.[t] ?? 1;
    });
  });
  const shape = [rows.length, tokens];
  return {
    rows,
    size: rows.length,
    tokens,
    layout,
    start,
    feeds: {
      input_ids: tensor('int64', shape, ids),
      position_ids: tensor('int64', shape, positions),
      attention_mask: tensor('int64', shape, attention),
      mask: tensor('float32', [...shape, 1], mask),
      virtual_tokens: tensor('int64', shape, virtual),
    },
  };
}

/** A row with an adapter's soft tokens in front; ids from `vocabSize` on are the adapter's own. */
export function withSoftTokens(row: Row, adapter: ModelAdapter | undefined, vocabSize: number): Row {
  const { special = [], inFront = 0 } = adapter?.virtualTokens ?? {};
  if (inFront === 0) return row;
  const { ids, mask = ids.map(() => 1), prompt = ids.length } = row;
  const soft = Array.from({ length: inFront }, (_, index) => vocabSize + special.length + index);
  return { ids: [...soft, ...ids], mask: [...soft.map(() => 1), ...mask], prompt: inFront + prompt };
}

/** The batch as an adapter's graph takes it. */
function batchFor(batch: Batch, { model }: TinyModel, adapter: ModelAdapter | undefined): Batch {
  const { vocabSize } = model.dimensions;
  return batchOf(
    batch.rows.map((row) => withSoftTokens(row, adapter, vocabSize)),
    { ...batch.layout, vocabSize, firstPosition: adapter?.prefix?.length ?? 0 },
  );
}

/** Row b of a [B, T, width] tensor without its padding. */
function realRow(batch: Batch, b: number, values: Float32Array): Float32Array {
  const width = values.length / (batch.size * batch.tokens);
  const from = (b * batch.tokens + batch.start[b]!) * width;
  return values.slice(from, from + batch.rows[b]!.ids.length * width);
}

function passOptions(batch: Batch, tiny: TinyModel, adapter: ModelAdapter | undefined): FullPassOptions {
  return {
    batch: batch.size,
    tokens: batch.tokens,
    attentionMask: true,
    weights: (graph) => fedWeights(graph, tiny.model.parameters),
    ...(adapter && {
      adapt: (graph, mask) =>
        trainableAdapter({
          ...{ adapter, mask, dimensions: tiny.model.dimensions },
          tensor: fedTensors(graph, adapter.parameters),
        }),
    }),
  };
}

/** All that a graph could ask for, cut down to what it has as inputs. */
export function feedsOf(
  inputs: readonly { readonly name: string }[],
  ...sources: readonly Readonly<Record<string, HostTensor>>[]
): Record<string, HostTensor> {
  const all = Object.assign({}, ...sources) as Record<string, HostTensor>;
  return Object.fromEntries(inputs.map(({ name }) => [name, all[name] ?? fail(name)]));
}

function fail(name: string): never {
  throw new Error(`nothing to feed for ${name}`);
}

const record = (tensors: ReadonlyMap<string, HostTensor>): Record<string, HostTensor> =>
  Object.fromEntries(tensors);

/** Logits of every row's own tokens without padding, [length, V] each. */
export async function fullLogits(
  tiny: TinyModel,
  given: Batch,
  trained?: TrainedAdapter,
): Promise<Float32Array[]> {
  const batch = batchFor(given, tiny, trained?.adapter);
  const graph = logitsGraph(tiny.model, passOptions(batch, tiny, trained?.adapter));
  const feeds = feedsOf(
    graph.inputs,
    batch.feeds,
    record(tiny.weights),
    record(trained?.tensors ?? new Map()),
  );
  const logits = floats((await runGraph(encodeOnnx(graph), feeds, runOptions(tiny)))['logits']);
  const width = logits.length / (batch.size * batch.tokens);
  return batch.rows.map((row, b) =>
    realRow(batch, b, logits).slice((row.ids.length - given.rows[b]!.ids.length) * width),
  );
}

export interface LossAndGradients {
  readonly loss: number;
  readonly total: number;
  readonly weight: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** The graph of `lossAndGradients`, outputs `loss`, `total`, `weight` and `grad.<name>`, and all that it is fed. */
export function lossGraph(
  tiny: TinyModel,
  given: Batch,
  loaded?: TrainedAdapter,
  skip = 0,
): { graph: Graph; feeds: Record<string, HostTensor>; trained: readonly { readonly name: string }[] } {
  const batch = batchFor(given, tiny, loaded?.adapter);
  const answers = batch.rows.flatMap(({ ids, prompt = ids.length }, b) =>
    ids.slice(prompt + skip).map((label, i) => ({
      position: b * batch.tokens + batch.start[b]! + prompt + skip + i - 1,
      label,
    })),
  );
  // Filling of weight 0, as fixed shapes need it: it must not show.
  const lossWeights = Float32Array.of(...answers.map(() => 1), 0, 0);
  answers.push({ position: 0, label: 5 }, { position: 0, label: 6 });
  const { graph, head, hidden } = fullPass(tiny.model, passOptions(batch, tiny, loaded?.adapter));
  const result = answerCrossEntropy(graph.root.at('loss'), {
    hidden,
    positions: graph.input('positions', 'int64', [answers.length]),
    labels: graph.input('labels', 'int64', [answers.length]),
    weights: graph.input('weights', 'float32', [answers.length]),
    head,
  });
  const trained = loaded ? loaded.adapter.parameters : tiny.model.parameters;
  const wrt = trained.map(({ name }) => graph.inputs.find((input) => input.name === name)!);
  gradients(result.loss, wrt).forEach((gradient, i) => {
    graph.output(`grad.${trained[i]!.name}`, gradient);
  });
  graph.output('loss', result.loss);
  graph.output('total', result.total);
  graph.output('weight', result.weight);
  const list = (values: readonly number[]): HostTensor =>
    tensor('int64', [values.length], BigInt64Array.from(values, BigInt));
  const feeds = feedsOf(
    graph.inputs,
    batch.feeds,
    record(tiny.weights),
    record(loaded?.tensors ?? new Map()),
    {
      positions: list(answers.map(({ position }) => position)),
      labels: list(answers.map(({ label }) => label)),
      weights: tensor('float32', [answers.length], lossWeights),
    },
  );
  return { graph, feeds, trained };
}

/**
 * The answer loss of rows (all tokens from `prompt` on are answer) and its gradient by every tensor of the adapter,
 * or by every base weight where there is no adapter. `skip` leaves out the first answer tokens of each row.
 */
export async function lossAndGradients(
  tiny: TinyModel,
  batch: Batch,
  loaded?: TrainedAdapter,
  skip = 0,
): Promise<LossAndGradients> {
  const { graph, feeds, trained } = lossGraph(tiny, batch, loaded, skip);
  const out = await runGraph(encodeOnnx(graph), feeds, runOptions(tiny));
  return {
    loss: floats(out['loss'])[0]!,
    total: floats(out['total'])[0]!,
    weight: floats(out['weight'])[0]!,
    gradients: new Map(trained.map(({ name }) => [name, floats(out[`grad.${name}`])])),
  };
}
