import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { add } from './add.js';
import { sameDims, three } from './inputs.js';
import { checkScale, normGradients } from './simplified-layer-normalization.js';

interface SkipSimplifiedLayerNormalizationAttributes {
  readonly epsilon: number;
}

const type = 'SkipSimplifiedLayerNormalization';

// sum = x + skip, y = norm(sum); with d the norm's gradient by its input, dL/dx = dL/dskip = d(dL/dy) + dL/dsum.
const skipSimplifiedLayerNormalizationOperator = defineOperator<SkipSimplifiedLayerNormalizationAttributes>({
  type,
  domain: 'com.microsoft',
  differentiates: 'allOutputs',
  // Between them ONNX has the mean and the deviation, which are for training in onnxruntime's own way.
  outputPlaces: [0, 3],
  infer: (inputs) => {
    const [x, skip, scale] = three(type, inputs);
    checkScale(type, x, scale);
    if (!sameDims(x.shape, skip.shape))
      throw invalidGraph(`${type}: [${x.shape.join()}] and [${skip.shape.join()}] cannot be added`);
    return [x, x].map(({ dtype, shape }) => ({ dtype, shape }));
  },
  vjp: ({ at, input, output, gradients: [byNormed, bySum], needs, attributes: { epsilon } }) => {
    if (!byNormed) return [bySum, bySum, undefined];
    const of = { x: output(1), scale: input(2), gradient: byNormed, epsilon };
    const [byX, byScale] = normGradients(at, of);
    const through = (): Value => (bySum ? add(at, byX(), bySum) : byX());
    const both = needs(0) || needs(1) ? through() : undefined;
    return [both, both, needs(2) ? byScale() : undefined];
  },
  onnx: ({ epsilon }) => ({ epsilon: { float: epsilon } }),
});

/** x + skip, and its RMSNorm (`simplifiedLayerNormalization`), of rows [N, E] or [B, T, E]: one operator instead of two. */
export function skipSimplifiedLayerNormalization(
  at: Scope,
  x: Value,
  { skip, scale }: { readonly skip: Value; readonly scale: Value },
  attributes: SkipSimplifiedLayerNormalizationAttributes,
): { readonly normed: Value; readonly sum: Value } {
  const inputs = [x, skip, scale];
  const [normed, sum] = at.apply(skipSimplifiedLayerNormalizationOperator, inputs, attributes);
  if (!normed || !sum) throw invalidGraph(`${at.path}: ${type} has two outputs`);
  return { normed, sum };
}
