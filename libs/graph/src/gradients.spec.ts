import { describe, expect, it } from 'vitest';
import {
  add,
  argMax,
  cast,
  gemm,
  gradients,
  Graph,
  mul,
  reduceSum,
  topK,
  type Scope,
  type Value,
} from './index.js';

const sum = (at: Scope, x: Value): Value =>
  reduceSum(at, x, { axes: x.shape.map((_, axis) => axis), keepdims: false });

function start(): { graph: Graph; at: Scope; x: Value; w: Value } {
  const graph = new Graph();
  const [x, w] = [graph.input('x', 'float32', [2, 3]), graph.input('w', 'float32', [3, 4])];
  return { graph, at: graph.root, x, w };
}

const typesIn = (graph: Graph, from: number): string[] =>
  graph.nodes.slice(from).map(({ operator }) => operator.type);

describe('the reverse walk', () => {
  it('gives each gradient its value’s own shape', () => {
    const { at, graph, x } = start();
    const row = graph.input('row', 'float32', [3]);
    const cell = graph.input('cell', 'float32', [1, 1, 1]);
    const found = gradients(sum(at, mul(at, mul(at, x, row), cell)), [x, row, cell]);
    expect(found.map(({ shape }) => shape)).toEqual([[2, 3], [3], [1, 1, 1]]);
  });

  it('adds up the gradients of several uses', () => {
    const { at, graph, x } = start();
    const loss = sum(at, add(at, x, x));
    const before = graph.nodes.length;
    gradients(loss, [x]);
    expect(typesIn(graph, before).filter((type) => type === 'Add')).toHaveLength(1);
  });

  it('spends nothing on a frozen weight', () => {
    const { at, graph, x, w } = start();
    const loss = sum(at, gemm(at, x, w));
    const before = graph.nodes.length;
    gradients(loss, [x]);
    expect(typesIn(graph, before).filter((type) => type === 'Gemm')).toHaveLength(1);
    expect(typesIn(graph, before)).not.toContain('Transpose');
  });

  it('names its nodes after those it differentiates', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const loss = sum(graph.root.at('loss'), mul(graph.root.at('model'), x, x));
    gradients(loss, [x]);
    expect(graph.nodes.map(({ name }) => name)).toContain('/grad/model/Mul/Mul');
  });
});

describe('what cannot be differentiated is refused', () => {
  it('a loss that is no scalar', () => {
    const { x } = start();
    expect(() => gradients(x, [x])).toThrow(/a loss is a scalar, got \[2,3\]/);
  });

  it('a loss that does not depend on the value', () => {
    const { at, x, w } = start();
    expect(() => gradients(sum(at, x), [w])).toThrow(/does not depend on w/);
  });

  it('a loss behind an operator without a gradient, naming it', () => {
    const { at, x } = start();
    const chosen = cast(at, argMax(at, x, { axis: 1, keepdims: false }), 'float32');
    expect(() => gradients(sum(at, chosen), [x])).toThrow(/does not depend on x/);
    const { values } = topK(at, x, { k: 1, axis: 1 });
    expect(() => gradients(sum(at, values), [x])).toThrow(/TopK has no gradient/);
  });
});
