import { AppError } from '@prad/errors';
import { tensor } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { add, concat, Graph, matmul, reshape, scalar, slice, type Value } from './index.js';

const graphWith = (...shapes: (number | string)[][]): { graph: Graph; values: Value[] } => {
  const graph = new Graph();
  return { graph, values: shapes.map((shape, index) => graph.input(`x${index}`, 'float32', shape)) };
};

describe('names', () => {
  it('follow the place and never repeat', () => {
    const { graph, values } = graphWith([2]);
    const at = graph.root.at('model').at('layers.0');
    const names = [add(at, values[0]!, values[0]!), add(at, values[0]!, values[0]!)].map(({ name }) => name);
    expect(names).toEqual(['/model/layers.0/Add', '/model/layers.0/Add_1']);
  });

  it('that are given are refused when they repeat', () => {
    const { graph, values } = graphWith([2]);
    expect(() => graph.input('x0', 'float32', [1])).toThrow(/x0 is used twice/);
    graph.output('y', values[0]!);
    expect(() => {
      graph.output('y', values[0]!);
    }).toThrow(AppError);
  });
});

it('stores equal constants once, and tells shapes and dtypes apart', () => {
  const graph = new Graph();
  const zeros = new Float32Array(4);
  const first = graph.constant(tensor('float32', [4], zeros));
  expect(graph.constant(tensor('float32', [4], new Float32Array(4)))).toBe(first);
  expect(graph.constant(tensor('float32', [2, 2], zeros))).not.toBe(first);
  expect(graph.constant(tensor('int32', [4], new Int32Array(4)))).not.toBe(first);
});

it('refuses values of another graph', () => {
  const [one, other] = [graphWith([2]), graphWith([2])];
  expect(() => add(one.graph.root, one.values[0]!, other.values[0]!)).toThrow(/belongs to another graph/);
});

describe('sizes that are names', () => {
  it('survive operators that keep them', () => {
    const { graph, values } = graphWith(['B', 'T', 4], [4, 8]);
    expect(matmul(graph.root, values[0]!, values[1]!).shape).toEqual(['B', 'T', 8]);
    expect(add(graph.root, values[0]!, scalar(graph.root, 1)).shape).toEqual(['B', 'T', 4]);
    expect(concat(graph.root, [values[0]!, values[0]!], 1).shape).toEqual(['B', 'T+T', 4]);
    expect(slice(graph.root, values[0]!, { axis: 1, start: -1 }).shape).toEqual(['B', 1, 4]);
  });

  it('are refused where they must be equal and are not', () => {
    const { graph, values } = graphWith(['B', 4], ['T', 4]);
    expect(() => add(graph.root, values[0]!, values[1]!)).toThrow(/\[B,4\] and \[T,4\] do not broadcast/);
  });

  it('are refused in a reshape that no input can give a size', () => {
    const { graph, values } = graphWith([6, 4]);
    expect(() => reshape(graph.root, values[0]!, ['P', 'Q', 4])).toThrow(
      /no graph input has an axis of the size Q/,
    );
  });
});
