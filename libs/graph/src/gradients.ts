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
  if (loss.shape.length !== 0) throw invalidGraph(`${loss.name}: a loss is a scalar, got [${loss.shape.join()}]`);
  const needed = dependents(loss.graph, wrt);
  const gradientOf = new Map<Value, Value>([[loss, scalar(loss.graph.root, 1)]]);
  for (const node of loss.graph.nodes.slice().reverse()) {
    const gradient = node.outputs[0] && gradientOf.get(node.outputs[0]);
    if (gradient && node.inputs.some((input) => input && needed.has(input))) {
      visit(node, gradient, needed, gradientOf);
    }
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
    if (node.inputs.some((input) => input && reached.has(input))) node.outputs.forEach((output) => reached.add(output));
  }
  return reached;
}

function visit(node: Node, gradient: Value, needed: Set<Value>, gradientOf: Map<Value, Value>): void {
  // The attribute type is the operator's own and was checked when the node was built.
  const { vjp } = node.operator as unknown as Operator<unknown>;
  if (vjp === nonDifferentiable) throw invalidGraph(`${node.name}: ${node.operator.type} has no gradient`);
  const at = new Scope(gradient.graph, `/grad${node.name}`);
  const results = vjp({
    at,
    attributes: node.attributes,
    // Operators with optional inputs look at the ones that they were built with.
    inputs: node.inputs as readonly Value[],
    outputs: node.outputs,
    gradient,
    needs: (index) => {
      const input = node.inputs[index];
      return input !== undefined && needed.has(input);
    },
  });
  node.inputs.forEach((input, index) => {
    const result = results[index];
    if (!input || !result || !needed.has(input)) return;
    const own = unbroadcast(at, result, input);
    const earlier = gradientOf.get(input);
    gradientOf.set(input, earlier ? add(at, earlier, own) : own);
  });
}

/** Sums `gradient` over the axes along which `input` was broadcast. */
function unbroadcast(at: Scope, gradient: Value, input: Value): Value {
  const lead = gradient.shape.length - input.shape.length;
  if (lead < 0) throw invalidGraph(`${at.path}: gradient [${gradient.shape.join()}] for [${input.shape.join()}]`);
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (input.shape[axis - lead] === 1 && gradient.shape[axis] !== 1));
  if (axes.length === 0) return gradient;
  const summed = reduceSum(at, gradient, { axes, keepdims: true });
  return lead === 0 ? summed : reshape(at, summed, input.shape);
}
