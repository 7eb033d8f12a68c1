export { AdapterBank } from './adapter-bank.js';
export type { DecodeWeights, PrefillWeights } from './decode-weights.js';
export type { BeamOptions } from './beam-search.js';
export { Engine, type EngineOptions } from './engine.js';
export { Executor } from './executor.js';
export { baseGraph } from './model-graphs.js';
export type { GenerationRequest } from './generation-request.js';
export { GrammarEngine } from './grammar-engine.js';
export { OnnxExecutor, type DecodeFacts, type OnnxExecutorOptions } from './onnx-executor.js';
export { OnnxReadingExecutor, type OnnxReadingOptions } from './onnx-reading-executor.js';
export {
  emptyStep,
  rowsOf,
  wholePrompt,
  type AdaptedDecodeRow,
  type DecodeRow,
  type Move,
  type PrefillRow,
  type ReplayRow,
  type StepPlan,
} from './plan.js';
export { PromptReader, type PromptReaderOptions, type ReadingRun } from './prompt-reader.js';
export { ReadingExecutor, type AnswerRow, type PromptOutput, type PromptRow } from './reading-executor.js';
export type {
  Embedding,
  EmbeddingRequest,
  Pooling,
  ReadingFacts,
  ScoreRequest,
  Scores,
} from './reading-request.js';
export type { Sampling } from './sampling.js';
export type { ShownToken } from './shown-tokens.js';
export type { StepFacts } from './step-facts.js';
export { positionsOf, servedAdapter, type ServedAdapter } from './served-adapter.js';
export type { TokenGrammar } from './token-grammar.js';
export { textRules, type Detokenizer, type TextRules } from './text-rules.js';
export type { BatchFacts, FinishReason, FoundAnswer, Timings, TokenEvent, Usage } from './token-event.js';
