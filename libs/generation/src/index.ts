export { Engine, type EngineOptions } from './engine.js';
export { Executor, type DecodeRow, type PrefillRow } from './executor.js';
export { adaptedGraph, decodeGraph } from './model-graphs.js';
export { OnnxExecutor, type OnnxExecutorOptions } from './onnx-executor.js';
export { planStep } from './policy.js';
export type { GenerationEvent, GenerationRequest } from './request.js';
export type { Sampling } from './sampling.js';
export { servedAdapter, type ServedAdapter } from './served-adapter.js';
