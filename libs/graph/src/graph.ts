import { AppError } from '@prad/errors';
import type { Dtype, HostTensor } from '@prad/tensor';
import type { Operator } from './operator.js';
import type { GraphShape, Node, Value, ValueType } from './value.js';

/** Where the bytes of a parameter lie: a region of a file beside the ONNX file. */
export interface ExternalData {
  /** File name relative to the folder of the ONNX file. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A static computation graph: values, the nodes that make them, what comes in and what goes out. */
export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  /** In an order in which each node comes after those that feed it. */
  readonly nodes: Node[] = [];
  readonly constants = new Map<Value, HostTensor>();
  readonly parameters = new Map<Value, ExternalData>();
  readonly root: Scope = new Scope(this, '');
  readonly #names = new Set<string>();
  readonly #constantsByContent = new Map<string, Value>();

  /** A tensor fed at each run. */
  input(name: string, dtype: Dtype, shape: GraphShape): Value {
    const value = this.#value(this.#claim(name), { dtype, shape });
    this.inputs.push(value);
    return value;
  }

  /** A weight that is loaded with the graph from a file; its name is the one in that file. */
  parameter(name: string, type: ValueType, data: ExternalData): Value {
    const value = this.#value(this.#claim(name), type);
    this.parameters.set(value, data);
    return value;
  }

  /** A tensor stored in the graph itself; equal ones are stored once. */
  constant(tensor: HostTensor): Value {
    const bytes = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    const content = `${tensor.dtype}[${tensor.shape.join()}]${bytes.toString('base64')}`;
    const known = this.#constantsByContent.get(content);
    if (known) return known;
    const value = this.#value(this.#unique(`/constants/${tensor.dtype}`), tensor);
    this.constants.set(value, tensor);
    this.#constantsByContent.set(content, value);
    return value;
  }

  /** Names a value as an output; a value may go out under several names. */
  output(name: string, value: Value): void {
    this.outputs.push({ name: this.#claim(name), value });
  }

  /** Adds a node; called through `Scope.apply`. */
  addNode<A>(
    name: string,
    operator: Operator<A>,
    inputs: readonly (Value | undefined)[],
    attributes: A,
  ): Node {
    const foreign = inputs.find((input) => input && input.graph !== this);
    if (foreign) throw invalidGraph(`${name}: input ${foreign.name} belongs to another graph`);
    const unique = this.#unique(name);
    const outputs: Value[] = [];
    const node: Node = { name: unique, operator, attributes, inputs, outputs };
    operator.infer(inputs, attributes).forEach((type, index) => {
      outputs.push(this.#value(index === 0 ? unique : `${unique}:${index}`, type, node));
    });
    this.nodes.push(node);
    return node;
  }

  #value(name: string, { dtype, shape, sequence }: ValueType, node?: Node): Value {
    return { graph: this, name, dtype, shape, node, ...(sequence && { sequence }) };
  }

  #claim(name: string): string {
    if (this.#names.has(name)) throw this.#doubled(name);
    this.#names.add(name);
    return name;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let suffix = 1; this.#names.has(name); suffix++) name = `${wanted}_${suffix}`;
    this.#names.add(name);
    return name;
  }

  #doubled(name: string): AppError {
    return invalidGraph(`the name ${name} is used twice in one graph`);
  }
}

/** A place in a graph: what is built at it is named after it. Immutable, so it can be handed around freely. */
export class Scope {
  constructor(
    readonly graph: Graph,
    /** Empty for the root, else for example `/model/layers.0`. */
    readonly path: string,
  ) {}

  at(name: string): Scope {
    return new Scope(this.graph, `${this.path}/${name}`);
  }

  constant(tensor: HostTensor): Value {
    return this.graph.constant(tensor);
  }

  /** Applies an operator here and returns its outputs. */
  apply<A>(operator: Operator<A>, inputs: readonly (Value | undefined)[], attributes: A): readonly Value[] {
    return this.graph.addNode(`${this.path}/${operator.type}`, operator, inputs, attributes).outputs;
  }

  /** As `apply`, for an operator with one output. */
  apply1<A>(operator: Operator<A>, inputs: readonly (Value | undefined)[], attributes: A): Value {
    const [output] = this.apply(operator, inputs, attributes);
    if (!output) throw invalidGraph(`${this.path}: ${operator.type} has no output`);
    return output;
  }
}

/** The one error of graph building: the sentence names the place, what was expected and what came. */
export function invalidGraph(message: string): AppError {
  return new AppError({ kind: 'bug', code: 'invalid_graph', message });
}
