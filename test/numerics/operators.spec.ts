import { encodeOnnx, gradients, Graph, reduceSum, type Value } from '@prad/graph';
import { runGraph } from '@prad/runtime';
import { describe, expect, it } from 'vitest';
import { forwardCases } from './support/forward-cases.js';
import { gradcheckCases } from './support/gradcheck-cases.js';

describe('operators without a gradient compute what ONNX says', () => {
  it.each(forwardCases.map((each) => [each.name, each] as const))(
    '%s',
    async (_, { build, inputs, expected }) => {
      const graph = new Graph();
      const values = inputs.map(({ dtype, shape }, index) => graph.input(`x${index}`, dtype, shape));
      const y = build(graph.root, values);
      expect({ dtype: y.dtype, shape: y.shape }).toEqual({ dtype: expected.dtype, shape: expected.shape });
      graph.output('y', y);
      const results = await runGraph(encodeOnnx(graph), named(inputs));
      expect(results['y']).toEqual(expected);
    },
  );
});

describe('shape rules agree with what the runtime computes, forward and backward', () => {
  it.each(gradcheckCases.map((each) => [`${each.operator} ${each.name ?? ''}`, each] as const))(
    '%s',
    async (_, { build, inputs }) => {
      const graph = new Graph();
      const values = inputs.map(({ dtype, shape }, index) => graph.input(`x${index}`, dtype, shape));
      const y = build(graph.root, values);
      const axes = y.shape.map((_dim, axis) => axis);
      const loss = axes.length === 0 ? y : reduceSum(graph.root, y, { axes, keepdims: false });
      gradients(
        loss,
        values.filter(({ dtype }) => dtype === 'float32'),
      );
      const computed = graph.nodes.flatMap((node) => node.outputs);
      computed.forEach((value, index) => {
        graph.output(`out${index}`, value);
      });
      const results = await runGraph(encodeOnnx(graph), named(inputs), { optimisation: 'none' });
      const found = computed.map((value, index) => typed(value.name, results[`out${index}`]));
      expect(found).toEqual(computed.map((value) => typed(value.name, value)));
    },
  );
});

function named<T>(inputs: readonly T[]): Record<string, T> {
  return Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));
}

function typed(name: string, value: Pick<Value, 'dtype' | 'shape'> | undefined): object {
  return { name, dtype: value?.dtype, shape: value?.shape };
}
