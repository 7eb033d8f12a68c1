import { definedOperators, Graph, nonDifferentiable } from '@prad/graph';
import { describe, expect, it } from 'vitest';
import { gradcheck } from './support/gradcheck.js';
import { gradcheckCases } from './support/gradcheck-cases.js';

describe('gradients of operators agree with finite differences', () => {
  it.each(gradcheckCases.map((each) => [`${each.operator} ${each.name ?? ''}`, each] as const))(
    '%s',
    async (_, each) => {
      const graph = new Graph();
      each.build(
        graph.root,
        each.inputs.map(({ dtype, shape }, index) => graph.input(`x${index}`, dtype, shape)),
      );
      expect(graph.nodes.map(({ operator }) => operator.type)).toContain(each.operator);
      await gradcheck(each.build, each.inputs, each);
    },
  );
});

it('every operator that has a gradient has its case', () => {
  const checked = new Set(gradcheckCases.map(({ operator }) => operator));
  const differentiable = definedOperators().filter(({ vjp }) => vjp !== nonDifferentiable);
  expect(differentiable.length).toBeGreaterThan(30);
  expect(differentiable.map(({ type }) => type).filter((type) => !checked.has(type))).toEqual([]);
});
