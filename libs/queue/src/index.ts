export {
  jobCatalogue,
  jobNames,
  roleNames,
  type JobDefinition,
  type JobIds,
  type JobName,
  type RoleName,
  type JobPayload,
  type JobStreamEvent,
} from './catalogue.js';
export {
  choicesOf,
  choicesPerPrompt,
  generationEvent,
  generationRequest,
  generationResult,
  slotsOf,
  type AnswerToken,
  type PromptToken,
  type GenerationEvent,
  type GenerationRequest,
  type GenerationResult,
} from './generation.js';
export { readingRequest, readingResult, type ReadingRequest, type ReadingResult } from './reading.js';
export {
  evaluationResult,
  evaluationSettings,
  evaluationStanding,
  type EvaluationPrediction,
  type EvaluationResult,
  type EvaluationSettings,
  type EvaluationStanding,
} from './evaluation.js';
export { trainingSettings, type TrainingSettings } from './training.js';
export { chooseQueueStore, isPostgresStore, type QueueStore } from './store.js';
export { JobProducer, firstTurn, type JobOrder, type QueueDepth, type Restored } from './producer.js';
export { EventStream, type ReadOptions, type Sequenced } from './event-stream.js';
export { Postponed, type AnyJobHandler, type JobContext, type JobHandler } from './handler.js';
export {
  HandlerHost,
  LOCK_MS,
  type Attempt,
  type Ending,
  type HandlerHostOptions,
  type HostLog,
} from './handler-host.js';
export { decodeFailure, encodeFailure } from './failure.js';
