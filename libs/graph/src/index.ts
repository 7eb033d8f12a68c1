export { Graph, Scope, type ExternalData } from './graph.js';
export { gradients } from './gradients.js';
export { matmulFlops } from './matmul-flops.js';
export { definedOperators, nonDifferentiable, type Operator } from './operator.js';
export type { Dim, GraphShape, Node, Value, ValueType } from './value.js';
export { encodeOnnx, type EncodeOptions } from './onnx/encode.js';

export { abs } from './ops/abs.js';
export { add } from './ops/add.js';
export { argMax } from './ops/arg-max.js';
export { cast } from './ops/cast.js';
export { and, equal, greater, greaterOrEqual, less, not } from './ops/compare.js';
export { concat } from './ops/concat.js';
export { int64s, scalar } from './ops/constants.js';
export { cumSum } from './ops/cum-sum.js';
export { dimProduct } from './ops/dim-product.js';
export { detach } from './ops/detach.js';
export { div } from './ops/div.js';
export { erf } from './ops/erf.js';
export { exp } from './ops/exp.js';
export { expand, expandLike } from './ops/expand.js';
export { gather } from './ops/gather.js';
export { gatherElements } from './ops/gather-elements.js';
export { gatherND } from './ops/gather-nd.js';
export { gemm } from './ops/gemm.js';
export {
  groupQueryAttention,
  type GroupQueryAttentionAttributes,
  type GroupQueryAttentionInputs,
} from './ops/group-query-attention.js';
export { identity } from './ops/identity.js';
export { layerNormalization } from './ops/layer-normalization.js';
export { log } from './ops/log.js';
export { logSoftmax } from './ops/log-softmax.js';
export { matmul } from './ops/matmul.js';
export {
  gatherBlockQuantized,
  type GatherBlockQuantizedAttributes,
  type GatherBlockQuantizedInputs,
} from './ops/gather-block-quantized.js';
export { matmulIntegerToFloat, type MatmulIntegerToFloatInputs } from './ops/matmul-integer-to-float.js';
export { matmulNBits, type MatmulNBitsAttributes, type MatmulNBitsInputs } from './ops/matmul-n-bits.js';
export { maximum } from './ops/maximum.js';
export { minimum } from './ops/minimum.js';
export { mod } from './ops/mod.js';
export { mul } from './ops/mul.js';
export { neg } from './ops/neg.js';
export { pad, padTo } from './ops/pad.js';
export { quantizeLinear, type QuantizeLinearInputs } from './ops/quantize-linear.js';
export { quickGelu } from './ops/quick-gelu.js';
export { reciprocal } from './ops/reciprocal.js';
export { reduceMax } from './ops/reduce-max.js';
export { reduceMean } from './ops/reduce-mean.js';
export { reduceSum } from './ops/reduce-sum.js';
export { relu } from './ops/relu.js';
export { reshape } from './ops/reshape.js';
export { rotaryEmbedding } from './ops/rotary-embedding.js';
export { scatterElements } from './ops/scatter-elements.js';
export { sequenceConstruct } from './ops/sequence-construct.js';
export { shapeOf } from './ops/shape.js';
export { sigmoid } from './ops/sigmoid.js';
export { simplifiedLayerNormalization } from './ops/simplified-layer-normalization.js';
export { skipSimplifiedLayerNormalization } from './ops/skip-simplified-layer-normalization.js';
export { slice } from './ops/slice.js';
export { softmax } from './ops/softmax.js';
export { split } from './ops/split.js';
export { sqrt } from './ops/sqrt.js';
export { squeeze, unsqueeze } from './ops/unsqueeze.js';
export { sub } from './ops/sub.js';
export { tanh } from './ops/tanh.js';
export { topK } from './ops/top-k.js';
export { transpose } from './ops/transpose.js';
export { where } from './ops/where.js';
