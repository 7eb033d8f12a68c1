import type { HostTensor } from '@prad/tensor';
import { invalidGraph, type ExternalData, type Graph } from '../graph.js';
import type { AttributeValue, Operator } from '../operator.js';
import type { GraphShape, Node, Value, ValueType } from '../value.js';
import { onnxDtype } from './dtype.js';
import {
  encodeModel,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type TypeProto,
  type ValueInfoProto,
} from './schema.js';

/** Format 10 and operator set 21 came with ONNX 1.16: what onnxruntime 1.18 and later read. */
const irVersion = 10;
const opsetImport = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

const attributeType = { float: 1, int: 2, string: 3, ints: 7 };
const externalLocation = 1;

export interface EncodeOptions {
  /** Also state the type of every value in between, for tools that check or draw the graph. */
  readonly annotate?: boolean;
}

/**
 * The graph as an ONNX model. Nodes, constants and parameters that no output needs are left out; all inputs
 * stay. The same graph gives the same bytes.
 */
export function encodeOnnx(graph: Graph, { annotate = false }: EncodeOptions = {}): Uint8Array {
  if (graph.outputs.length === 0) throw invalidGraph('a graph without outputs computes nothing');
  const used = reachable(graph);
  const names = outputNames(graph);
  const nameOf = (value: Value): string => names.get(value) ?? value.name;
  return encodeModel({
    irVersion,
    producerName: 'prad',
    opsetImport,
    graph: {
      name: 'graph',
      node: [
        ...graph.nodes.filter((node) => used.has(node)).map((node) => encodeNode(node, nameOf)),
        ...graph.outputs
          .filter(({ name, value }) => nameOf(value) !== name)
          .map((output) => copy(output, nameOf)),
      ],
      initializer: [
        ...[...graph.parameters]
          .filter(([value]) => used.has(value))
          .map(([value, data]) => external(value, data)),
        ...[...graph.constants]
          .filter(([value]) => used.has(value))
          .map(([value, data]) => stored(value, data)),
      ],
      input: graph.inputs.map((value) => valueInfo(value.name, value)),
      output: graph.outputs.map(({ name, value }) => valueInfo(name, value)),
      valueInfo: annotate ? between(graph, used, names) : [],
    },
  });
}

/** Every node and value that an output depends on. */
function reachable(graph: Graph): ReadonlySet<Node | Value> {
  const found = new Set<Node | Value>(graph.outputs.map(({ value }) => value));
  for (const node of graph.nodes.slice().reverse()) {
    if (!node.outputs.some((output) => found.has(output))) continue;
    found.add(node);
    node.inputs.forEach((input) => input && found.add(input));
  }
  return found;
}

/** The computed values that are no outputs. */
function between(
  graph: Graph,
  used: ReadonlySet<Node | Value>,
  outputs: ReadonlyMap<Value, string>,
): ValueInfoProto[] {
  const values = graph.nodes.filter((node) => used.has(node)).flatMap((node) => node.outputs);
  return values.filter((value) => !outputs.has(value)).map((value) => valueInfo(value.name, value));
}

/** A computed value takes the name of the first output that it goes out under; further names are copies. */
function outputNames(graph: Graph): ReadonlyMap<Value, string> {
  const names = new Map<Value, string>();
  for (const { name, value } of graph.outputs) {
    if (value.node && !names.has(value)) names.set(value, name);
  }
  return names;
}

function encodeNode(
  { name, operator, inputs, outputs, attributes }: Node,
  nameOf: (value: Value) => string,
): NodeProto {
  const present = inputs.findLastIndex((input) => input !== undefined) + 1;
  // The attribute type is the operator's own and was checked when the node was built.
  const { type, domain, onnx, outputPlaces } = operator as unknown as Operator<unknown>;
  return {
    name,
    opType: type,
    domain,
    input: inputs.slice(0, present).map((input) => (input ? nameOf(input) : '')),
    output: placed(outputs.map(nameOf), outputPlaces),
    attribute: Object.entries(onnx(attributes)).map(([key, value]) => encodeAttribute(key, value)),
  };
}

/** Outputs that ONNX has and the operator does not give have no names. */
function placed(names: readonly string[], places: readonly number[] | undefined): readonly string[] {
  if (!places) return names;
  return Array.from({ length: Math.max(...places) + 1 }, (_, place) => names[places.indexOf(place)] ?? '');
}

function copy({ name, value }: Graph['outputs'][number], nameOf: (value: Value) => string): NodeProto {
  const opType = 'Identity';
  return {
    name: `/outputs/${name}`,
    opType,
    domain: '',
    input: [nameOf(value)],
    output: [name],
    attribute: [],
  };
}

function encodeAttribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeType.int, i: value };
  if (typeof value === 'string')
    return { name, type: attributeType.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: attributeType.float, f: value.float };
  return { name, type: attributeType.ints, ints: value };
}

function stored({ name }: Value, { dtype, shape, data }: HostTensor): TensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: shape, dataType: onnxDtype[dtype], rawData };
}

function external({ name, dtype, shape }: Value, { location, offset, length }: ExternalData): TensorProto {
  const dims = shape.map((dim) => {
    if (typeof dim !== 'number') throw invalidGraph(`parameter ${name}: the size ${dim} must be a number`);
    return dim;
  });
  const entries = { location, offset: String(offset), length: String(length) };
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return { name, dims, dataType: onnxDtype[dtype], externalData, dataLocation: externalLocation };
}

function valueInfo(name: string, type: ValueType): ValueInfoProto {
  const tensorType = { elemType: onnxDtype[type.dtype], shape: { dim: dimensions(type.shape) } };
  const encoded: TypeProto = type.sequence ? { sequenceType: { elemType: { tensorType } } } : { tensorType };
  return { name, type: encoded };
}

function dimensions(shape: GraphShape): ({ dimValue: number } | { dimParam: string })[] {
  return shape.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim }));
}
