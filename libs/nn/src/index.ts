export type {
  Architecture,
  Dimensions,
  ForwardContext,
  LanguageModel,
} from './architectures/architecture.js';
export { architectureFor, modelTypes } from './architectures/registry.js';
export {
  noAdapter,
  siteKinds,
  type AdapterHook,
  type Site,
  type SiteFlow,
  type SiteKind,
} from './architectures/site.js';
export type { Attention, Projections } from './attention/attention.js';
export {
  cachedAttention,
  cacheName,
  keyValueCache,
  type CachedAttentionInputs,
  type KeyValue,
} from './attention/cached-attention.js';
export { causalAttention, type CausalAttentionInputs } from './attention/causal-attention.js';
export type { AdapterFamily, AdapterMethod, AdapterOptions } from './adapters/adapter-method.js';
export { adapterBank, type AdapterBankInputs } from './adapters/adapter-bank.js';
export {
  bankInput,
  bankLayout,
  bankLayoutKey,
  type BankFamily,
  type BankLayout,
} from './adapters/bank-layout.js';
export { MAX_RANK } from './adapters/common-options.js';
export { adapterFor, adapterMethodNames, parameterCount, type ModelAdapter } from './adapters/registry.js';
export { stackBank, type LoadedAdapter, type StackedBank } from './adapters/stack-bank.js';
export { trainableAdapter, type TrainableAdapterInputs } from './adapters/trainable-adapter.js';
export { fullPass, logitsGraph, type FullPass, type FullPassOptions } from './full-pass.js';
export { fedWeights, storedWeights } from './layers/weights.js';
export {
  answerCrossEntropy,
  type AnswerCrossEntropy,
  type AnswerCrossEntropyInputs,
} from './losses/answer-cross-entropy.js';
export {
  adaptsAnswers,
  allMask,
  maskPolicy,
  maskScopes,
  promptMask,
  type MaskPolicy,
  type TokenizedExample,
} from './masks/mask-policies.js';
export {
  adamW,
  adamWDefaults,
  type AdamWOptions,
  type AdamWState,
  type AdamWStep,
} from './optimisers/adamw.js';
export { clipByGlobalNorm, type ClippedGradients } from './optimisers/clip-by-global-norm.js';
export { linearSchedule, type LinearScheduleOptions } from './optimisers/linear-schedule.js';
export { initialise, kaimingUniform, type Init, type ParameterSpec } from './random/initialise.js';
export { randomStream, type RandomStream } from './random/random-stream.js';
