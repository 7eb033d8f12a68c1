import type { Dtype } from '@prad/tensor';
import type { Graph } from './graph.js';
import type { Operator } from './operator.js';

/** A size known when the graph is built, or the name of one known only when it runs, such as `B`. */
export type Dim = number | string;
export type GraphShape = readonly Dim[];

/** What is known of a value before anything runs. */
export interface ValueType {
  readonly dtype: Dtype;
  readonly shape: GraphShape;
  /** Set on a sequence of tensors of this type, which no operator but the one that makes it knows. */
  readonly sequence?: true;
}

/** An edge of the graph: produced by one node, or given from outside. */
export interface Value extends ValueType {
  readonly graph: Graph;
  /** Unique in its graph; the name of the ONNX tensor. */
  readonly name: string;
  /** Absent for graph inputs, parameters and constants. */
  readonly node: Node | undefined;
}

/** One application of an operator. */
export interface Node {
  /** Place in the model, for example `/model/layers.0/self_attn/q_proj/Gemm`. */
  readonly name: string;
  // The attribute type belongs to the operator; the graph itself never looks inside.
  readonly operator: Operator<never>;
  readonly attributes: unknown;
  /** An optional ONNX input that is left out is `undefined`. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}
