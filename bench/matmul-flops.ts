import type { Dim, Graph, GraphShape } from '@prad/graph';

/**
 * Floating-point operations of a graph's matrix products: 2 M N K each. All else (norms, soft-max, activations) is
 * left out, so a rate made from it is lower than what the machine really did.
 * @param sizes the sizes whose names stand in the graph's shapes.
 */
export function matmulFlops(graph: Graph, sizes: Readonly<Record<string, number>>): number {
  const sizeOf = (dim: Dim): number =>
    typeof dim === 'number'
      ? dim
      : dim.split('*').reduce((product, name) => product * (sizes[name] ?? Number(name)), 1);
  const elements = (shape: GraphShape): number =>
    shape.reduce<number>((product, dim) => product * sizeOf(dim), 1);
  return graph.nodes.reduce((sum, { operator, inputs, outputs, attributes }) => {
    const [left] = inputs;
    const [output] = outputs;
    if (!left || !output || (operator.type !== 'MatMul' && operator.type !== 'Gemm')) return sum;
    const transposed = operator.type === 'Gemm' && (attributes as { transA: boolean }).transA;
    const inner = sizeOf(left.shape.at(transposed ? 0 : -1) ?? 1);
    return sum + 2 * elements(output.shape) * inner;
  }, 0);
}
