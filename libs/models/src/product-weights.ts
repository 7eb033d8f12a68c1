import { fedWeights, fullPass, type LanguageModel, type Projection, type Weights } from '@prad/nn';

/** A weight that activations are multiplied by, as the product y = x W' sees it. */
export interface ProductWeight {
  readonly name: string;
  /** The weight's name without `.weight`. */
  readonly module: string;
  readonly outFeatures: number;
  readonly inFeatures: number;
  /** Stored as [in, out], as GPT-2's Conv1D does; else as [out, in]. */
  readonly transposed: boolean;
  /** Whether it makes the logits; the embedding, where they are one weight. */
  readonly isHead: boolean;
  /** Whether its rows are looked up as embeddings as well. */
  readonly isEmbedding: boolean;
}

/**
 * The weights of a model's matrix products in the order of the forward pass, found by building its graph. Those that
 * multiply the same input stand in one group.
 */
export function productWeights(model: LanguageModel): readonly (readonly ProductWeight[])[] {
  const groups: ProductWeight[][] = [];
  const shapes = new Map(model.parameters.map(({ name, shape }) => [name, shape]));
  const embedded = new Set<string>();
  let isHead = false;
  const record = (projections: readonly Projection[], transposed: boolean): void => {
    const group = projections.map(({ module }): ProductWeight => {
      const name = `${module}.weight`;
      const [rows = 0, columns = 0] = shapes.get(name) ?? [];
      const [outFeatures, inFeatures] = transposed ? [columns, rows] : [rows, columns];
      const isEmbedding = embedded.has(module);
      return { name, module, outFeatures, inFeatures, transposed, isHead, isEmbedding };
    });
    groups.push(group);
  };
  const recorded = (fed: Weights): Weights => ({
    tensor: fed.tensor,
    embedding: (at, module, ids) => {
      embedded.add(module);
      return fed.embedding(at, module, ids);
    },
    linear: (at, x, projections) => {
      record(projections, false);
      return fed.linear(at, x, projections);
    },
    conv1d: (at, x, projection) => {
      record([projection], true);
      return fed.conv1d(at, x, projection);
    },
  });
  const { graph, head, hidden } = fullPass(model, {
    batch: 1,
    tokens: 1,
    weights: (into) => recorded(fedWeights(into, model.parameters)),
  });
  isHead = true;
  head(graph.root, hidden);
  return groups;
}
