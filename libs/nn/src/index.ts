export type { Dimensions, LanguageModel } from './architectures/architecture.js';
export { architectureFor, modelTypes } from './architectures/registry.js';
export { noAdapter, type Adaptation, type Site, type SiteFlow } from './architectures/site.js';
export { cacheName, keyValueCache } from './attention/cached-attention.js';
export { adapterBank } from './adapters/adapter-bank.js';
export { noDrop } from './adapters/adapter-family.js';
export {
  bankInput,
  bankLayout,
  bankLayoutKey,
  emptyLayout,
  type BankLayout,
} from './adapters/bank-layout.js';
export { adapterFor, adapterMethodNames, parameterCount, type ModelAdapter } from './adapters/registry.js';
export { servedGraph, startGraph } from './adapters/served-graph.js';
export {
  stackBank,
  type BankMemory,
  type BankRow,
  type LoadedAdapter,
  type StackedBank,
} from './adapters/stack-bank.js';
export { servedName } from './adapters/tensor-names.js';
export { packedAdapters, packedShape } from './adapters/packed-adapters.js';
export { trainableAdapter, type StepDropout } from './adapters/trainable-adapter.js';
export { dropout, rowNumbers } from './layers/dropout.js';
export { fullPass, logitsGraph, type FullPass, type FullPassOptions } from './full-pass.js';
export type { BlockData } from './layers/block-weights.js';
export type { ChannelData } from './layers/channel-weights.js';
export { quantisedWeights, type QuantisedCopy, type QuantisedWeights } from './layers/quantised-weights.js';
export {
  fedTensors,
  fedWeights,
  productsOf,
  storedTensors,
  storedWeights,
  type Projection,
  type Weights,
} from './layers/weights.js';
export { answerCrossEntropy, type AnswerCrossEntropy } from './losses/answer-cross-entropy.js';
export { adaptsAnswers, allMask, maskPolicy, promptMask, type MaskPolicy } from './masks/mask-policies.js';
export { adamW, adamWDefaults, type AdamWOptions } from './optimisers/adamw.js';
export { clipByGlobalNorm } from './optimisers/clip-by-global-norm.js';
export {
  learningRateAt,
  schedulerTypes,
  type ScheduleOptions,
  type SchedulerType,
} from './optimisers/learning-rate-schedule.js';
export { initialise, type ParameterSpec } from './random/initialise.js';
export { randomStream, type RandomStream } from './random/random-stream.js';
