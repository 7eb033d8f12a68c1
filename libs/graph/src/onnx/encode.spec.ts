import { describe, expect, it } from 'vitest';
import { add, encodeOnnx, Graph, mul, scalar } from '../index.js';

function model(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['B', 3]);
  const data = { location: 'model.safetensors', offset: 4096, length: 12 };
  const w = graph.parameter('model.weight', { dtype: 'float32', shape: [3] }, data);
  graph.parameter('model.unused', { dtype: 'float32', shape: [3] }, data);
  const y = add(graph.root.at('model'), x, w);
  mul(graph.root.at('forgotten'), y, scalar(graph.root, 2));
  graph.output('y', y);
  graph.output('y_again', y);
  graph.output('x_again', x);
  return graph;
}

const text = (graph: Graph): string => Buffer.from(encodeOnnx(graph)).toString('latin1');

describe('encodeOnnx', () => {
  it('gives the same bytes for the same graph', () => {
    expect(encodeOnnx(model())).toEqual(encodeOnnx(model()));
  });

  it('writes what outputs need and nothing else', () => {
    const written = text(model());
    for (const part of ['/model/Add', 'model.weight', 'model.safetensors', '4096', 'y_again', 'x_again']) {
      expect(written).toContain(part);
    }
    for (const part of ['forgotten', 'model.unused', '/constants']) expect(written).not.toContain(part);
  });

  it('gives a value the name of its first output and copies it for the others', () => {
    expect(text(model()).match(/Identity/g)).toHaveLength(2);
  });

  it('states the types in between when asked to', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['B']);
    graph.output('y', add(graph.root, add(graph.root.at('inner'), x, x), x));
    const plain = encodeOnnx(graph).length;
    expect(encodeOnnx(graph, { annotate: true }).length).toBeGreaterThan(plain);
  });

  it('refuses a graph without outputs', () => {
    expect(() => encodeOnnx(new Graph())).toThrow(/without outputs/);
  });

  it('refuses a parameter of unknown size', () => {
    const graph = new Graph();
    const data = { location: 'w', offset: 0, length: 4 };
    graph.output('out', graph.parameter('w', { dtype: 'float32', shape: ['N'] }, data));
    expect(() => encodeOnnx(graph)).toThrow(/parameter w: the size N must be a number/);
  });
});
