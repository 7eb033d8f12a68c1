import type { Graph } from './graph.js';
import type { Dim, GraphShape, Node } from './value.js';

/**
 * Floating-point operations of a graph's matrix products by the sizes whose names stand in its shapes: 2 M N K each. All
 * else (norms, soft-max, activations) is left out, so a rate made from it is lower than what the machine really did.
 */
export function matmulFlops(graph: Graph): (sizes: Readonly<Record<string, number>>) => number {
  // Products of equal shape are counted once: a model has hundreds, of a dozen shapes.
  const counts = new Map<string, number>();
  for (const node of graph.nodes) {
    const factors = factorsOf(node)?.join('*');
    if (factors !== undefined) counts.set(factors, (counts.get(factors) ?? 0) + 1);
  }
  const terms = [...counts].map(([factors, count]) => ({ factors: factors.split('*'), count }));
  return (sizes) =>
    terms.reduce(
      (sum, { factors, count }) =>
        sum + 2 * count * factors.reduce((product, name) => product * (sizes[name] ?? Number(name)), 1),
      0,
    );
}

/** M, N and K, with the sizes of the batch; nothing for other operators. */
function factorsOf({ operator, inputs, outputs, attributes }: Node): GraphShape | undefined {
  const [left] = inputs;
  const [output] = outputs;
  if (!left || !output || (operator.type !== 'MatMul' && operator.type !== 'Gemm')) return undefined;
  const transposed = operator.type === 'Gemm' && (attributes as { transA: boolean }).transA;
  const inner: Dim = left.shape.at(transposed ? 0 : -1) ?? 1;
  return [...output.shape, inner];
}
