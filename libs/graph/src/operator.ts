import type { Scope } from './graph.js';
import type { Value, ValueType } from './value.js';

/** Said of an operator on purpose: no gradient flows through it. */
export const nonDifferentiable = Symbol('nonDifferentiable');

/** What an operator's gradient may look at. */
export interface VjpContext<A> {
  /** Where the gradient's nodes are placed: `/grad` followed by the forward node's path. */
  readonly at: Scope;
  readonly attributes: A;
  readonly inputs: readonly (Value | undefined)[];
  /** Input `index`; throws where an optional input was left out. */
  readonly input: (index: number) => Value;
  readonly output: (index: number) => Value;
  /** The loss's gradient by output 0. */
  readonly gradient: Value;
  /** The loss's gradient by each output; undefined where the loss does not depend on that output. */
  readonly gradients: readonly (Value | undefined)[];
  /** Whether input `index` leads to something that is differentiated; skip the work where not. */
  readonly needs: (index: number) => boolean;
}

/**
 * The vector-Jacobian product: from the loss's gradient by the output to the gradients by each input, in
 * input order, built from graph operators only. An input's gradient may have the broadcast shape: the reverse
 * walk sums it back to the input's own shape. `undefined` = no gradient for that input.
 */
export type Vjp<A> = (context: VjpContext<A>) => readonly (Value | undefined)[];

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** One operator of the ONNX standard (or of onnxruntime's `com.microsoft` set): shape rule and gradient. */
export interface Operator<A> {
  /** ONNX `op_type`. */
  readonly type: string;
  readonly domain: '' | 'com.microsoft';
  /** The types of the outputs from those of the inputs; throws AppError `invalid_graph` where they do not fit. */
  readonly infer: (inputs: readonly (ValueType | undefined)[], attributes: A) => readonly ValueType[];
  readonly vjp: Vjp<A> | typeof nonDifferentiable;
  /** Which outputs `vjp` takes gradients of; a loss that depends on another output is refused. */
  readonly differentiates: 'firstOutput' | 'allOutputs';
  /** Where the outputs of `infer` stand among those of ONNX; by default they are the first ones. */
  readonly outputPlaces: readonly number[] | undefined;
  /** The ONNX attributes: a whole number is an INT, `{float}` a FLOAT, an array INTS. */
  readonly onnx: (attributes: A) => Readonly<Record<string, AttributeValue>>;
}

type Defaulted = 'domain' | 'onnx' | 'differentiates' | 'outputPlaces';

const defined: Operator<never>[] = [];

/** Declares an operator; by default of the ONNX domain, with no ONNX attributes. */
export function defineOperator<A>(
  definition: Omit<Operator<A>, Defaulted> & Partial<Pick<Operator<A>, Defaulted>>,
): Operator<A> {
  const operator: Operator<A> = {
    domain: '',
    onnx: () => ({}),
    differentiates: 'firstOutput',
    outputPlaces: undefined,
    ...definition,
  };
  defined.push(operator);
  return operator;
}

/** Every operator that was declared, so a test can see that none lacks its gradient check. */
export function definedOperators(): readonly Operator<never>[] {
  return defined;
}
