import { invalidGraph, Scope, type Graph } from './graph.js';
import { nonDifferentiable, type Operator } from './operator.js';
import { add } from './ops/add.js';
import { reduceSum } from './ops/reduce-sum.js';
import { reshape } from './ops/reshape.js';
import { scalar } from './ops/constants.js';
import type { Node, Value } from './value.js';

/**
 * Reverse-mode differentiation: adds to the graph the nodes that compute d`loss`/d`value` for each value of
 * `wrt`, and returns those gradients in the order of `wrt`, each in its value's own shape.
 *
 * Broadcast sums and the accumulation over several uses happen here, once, and in no operator. Only nodes that
 * lie between `wrt` and `loss` are visited, so a frozen weight costs nothing.
 *
 * @throws AppError `invalid_graph` when the loss is no scalar, does not depend on a value of `wrt`, or meets
 * an operator that has no gradient on the way.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0)
    throw invalidGraph(`${loss.name}: a loss is a scalar, got [${loss.shape.join()}]`);
  const needed = dependents(loss.graph, wrt);
  const gradientOf = new Map<Value, Value>([[loss, scalar(loss.graph.root, 1)]]);
  for (const node of loss.graph.nodes.slice().reverse()) {
    const reached = node.outputs.some((output) => gradientOf.has(output));
    if (reached && node.inputs.some((input) => input && needed.has(input))) visit(node, needed, gradientOf);
  }
  return wrt.map((value) => {
    const gradient = gradientOf.get(value);
    if (!gradient) throw invalidGraph(`${loss.name} does not depend on ${value.name}`);
    return gradient;
  });
}

/** All values that are computed from one of `sources`, and the sources themselves. */
function dependents(graph: Graph, sources: readonly Value[]): Set<Value> {
  const reached = new Set(sources);
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => input && reached.has(input)))
      node.outputs.forEach((output) => reached.add(output));
  }
  return reached;
}

function visit(node: Node, needed: ReadonlySet<Value>, gradientOf: Map<Value, Value>): void {
  const at = new Scope(node.outputs[0]?.graph ?? missing(node, 'output', 0), `/grad${node.name}`);
  const results = inputGradients(node, at, needed, gradientOf);
  node.inputs.forEach((input, index) => {
    const result = results[index];
    if (!input || !result || !needed.has(input)) return;
    const own = unbroadcast(at, result, input);
    const earlier = gradientOf.get(input);
    gradientOf.set(input, earlier ? add(at, earlier, own) : own);
  });
}

function inputGradients(
  node: Node,
  at: Scope,
  needed: ReadonlySet<Value>,
  gradientOf: ReadonlyMap<Value, Value>,
): readonly (Value | undefined)[] {
  // The attribute type is the operator's own and was checked when the node was built.
  const { vjp, differentiates, type } = node.operator as unknown as Operator<unknown>;
  if (vjp === nonDifferentiable) throw invalidGraph(`${node.name}: ${type} has no gradient`);
  const outputGradients = node.outputs.map((output) => gradientOf.get(output));
  if (differentiates === 'firstOutput' && outputGradients.slice(1).some((gradient) => gradient)) {
    throw invalidGraph(`${node.name}: only output 0 of ${type} has a gradient`);
  }
  return vjp({
    at,
    attributes: node.attributes,
    inputs: node.inputs,
    input: (index) => node.inputs[index] ?? missing(node, 'input', index),
    output: (index) => node.outputs[index] ?? missing(node, 'output', index),
    get gradient() {
      return outputGradients[0] ?? missing(node, 'gradient of output', 0);
    },
    gradients: outputGradients,
    needs: (index) => {
      const input = node.inputs[index];
      return input !== undefined && needed.has(input);
    },
  });
}

function missing(node: Node, what: string, index: number): never {
  throw invalidGraph(`${node.name}: there is no ${what} ${index}`);
}

/** Sums `gradient` over the axes along which `input` was broadcast. */
function unbroadcast(at: Scope, gradient: Value, input: Value): Value {
  const lead = gradient.shape.length - input.shape.length;
  if (lead < 0)
    throw invalidGraph(`${at.path}: gradient [${gradient.shape.join()}] for [${input.shape.join()}]`);
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (input.shape[axis - lead] === 1 && gradient.shape[axis] !== 1));
  if (axes.length === 0) return gradient;
  const summed = reduceSum(at, gradient, { axes, keepdims: true });
  return lead === 0 ? summed : reshape(at, summed, input.shape);
}
