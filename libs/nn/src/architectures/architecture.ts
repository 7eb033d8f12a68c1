import type { Scope, Value } from '@prad/graph';
import type { ZodType } from 'zod';
import type { Attention } from '../attention/attention.js';
import type { Rope } from '../attention/rope.js';
import type { ParameterSpec } from '../random/initialise.js';
import type { Weights } from '../layers/weights.js';
import type { Adaptation, Site } from './site.js';

/** The sizes that cache, tables and bounds are made from. */
export interface Dimensions {
  readonly layers: number;
  /** E. */
  readonly hiddenSize: number;
  /** H: query heads. */
  readonly heads: number;
  /** K: key and value heads; divides H. */
  readonly kvHeads: number;
  /** D. */
  readonly headDim: number;
  /** V. */
  readonly vocabSize: number;
  /** Longest sequence that the model was made for. */
  readonly maxPositions: number;
  /** How a layer (counted from 0) attends. */
  readonly attention: (layer: number) => LayerAttention;
}

/** What families and layers differ in when they attend. */
export interface LayerAttention {
  /** Factor on the scores; 1/sqrt(D) in most families. */
  readonly scale: number;
  /** Absent where positions are learned. */
  readonly rope?: Rope | undefined;
  /** A position sees itself and the window - 1 before it; absent where it sees all before it. */
  readonly window?: number | undefined;
  /** Scores s become cap * tanh(s / cap). */
  readonly softcap?: number | undefined;
}

/** What a forward pass is given; the same for training, prefill and decode. */
export interface ForwardContext {
  readonly weights: Weights;
  /** int64 [B, T]. */
  readonly inputIds: Value;
  /** int64 [B, T], from 0 at a row's first token. */
  readonly positionIds: Value;
  readonly attention: Attention;
  readonly adapt: Adaptation;
}

/** A family of models: Hugging Face's `model_type`, its config.json, and one forward pass. */
export interface Architecture<C> {
  readonly modelType: string;
  /** Reads config.json; a field with a value that is not supported is refused by name. */
  readonly config: ZodType<C>;
  readonly dimensions: (config: C) => Dimensions;
  /** Every base weight, named and laid out as in the Hugging Face safetensors file. */
  readonly parameters: (config: C) => readonly ParameterSpec[];
  /** The places where an adapter may attach, in the order of the forward pass. */
  readonly sites: (config: C) => readonly Site[];
  /** The hidden states after the final norm, [N, E] with N = B*T: row after row. */
  readonly forward: (at: Scope, config: C, context: ForwardContext) => Value;
  /** Logits of hidden states: [N, E] -> [N, V]. */
  readonly head: (at: Scope, config: C, context: Pick<ForwardContext, 'weights'>, hidden: Value) => Value;
}

/** An architecture with one model's config filled in. */
export interface LanguageModel {
  readonly modelType: string;
  readonly dimensions: Dimensions;
  readonly parameters: readonly ParameterSpec[];
  readonly sites: readonly Site[];
  readonly forward: (at: Scope, context: ForwardContext) => Value;
  readonly head: (at: Scope, context: Pick<ForwardContext, 'weights'>, hidden: Value) => Value;
}
