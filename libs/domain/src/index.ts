export type { JsonObject, JsonValue } from './json.js';
export type { Page, PageRequest } from './page.js';
export type { Failure } from './failure.js';
export { newId, type IdPrefix } from './ids.js';
export { leaseIsFree, type Heartbeat, type Lease, type LeaseHolder } from './lease.js';
export {
  baseModelStatuses,
  newTunedModelName,
  type BaseModel,
  type BaseModelContent,
  type BaseModelStatus,
  type ImportingBaseModel,
  type NewTunedModel,
  type Quantisation,
  type ReadyBaseModel,
} from './base-model.js';
export { DEFAULT_PROJECT, isProjectName, type Project } from './project.js';
export { hashOfSecret, newSecret, prefixOfSecret, type ApiKey } from './api-key.js';
export { fileFormats, filePurposes, type DataFile, type FileFormat, type FilePurpose } from './data-file.js';
export type { NewTask, Task } from './task.js';
export {
  fineTuningStatuses,
  toldStatus,
  isSettled,
  type FineTuningJob,
  type FineTuningMethod,
  type FineTuningResult,
  type FineTuningState,
  type FineTuningStatus,
  type NewFineTuningJob,
  type Progress,
  type TrainingState,
} from './fine-tuning-job.js';
export {
  cancelFineTuning,
  claimFineTuning,
  failFineTuning,
  keepTrainingState,
  pauseFineTuning,
  queueFineTuning,
  rejectFineTuning,
  releaseFineTuning,
  requestFineTuningCancel,
  requestFineTuningPause,
  stallFineTuning,
  resumeFineTuning,
  succeedFineTuning,
} from './fine-tuning-transitions.js';
export { jobKinds, matchesJob, type JobFilter, type JobKind, type JobSummary } from './job-summary.js';
export { illegalChange, isFinal, leaseLost, type FinalStatus } from './job-status.js';
export type { EventLevel, EventType, JobEvent, NewJobEvent } from './job-event.js';
export type { JobMetric, JobMetricValues, NewJobMetric } from './job-metric.js';
export {
  newAdapterName,
  type Adapter,
  type AdapterAlias,
  type AdapterDetail,
  type AdapterOrigin,
  type AdapterVersion,
  type NewAdapter,
  type NewAdapterVersion,
} from './adapter.js';
export { adapterReference, isAliasName, type AdapterReference } from './adapter-reference.js';
export type { Checkpoint, NewCheckpoint } from './checkpoint.js';
export {
  inferenceEndpoints,
  inferenceStatuses,
  type InferenceEndpoint,
  type InferenceJob,
  type InferenceOutcome,
  type InferenceState,
  type InferenceStatus,
  type InferenceTimings,
  type NewInferenceJob,
  type Usage,
} from './inference-job.js';
export {
  cancelInference,
  claimInference,
  failInference,
  rejectInference,
  releaseInference,
  requestInferenceCancel,
  succeedInference,
} from './inference-transitions.js';
export { judge } from './promotion.js';
export type { JobEvaluation, Promotion, PromotionGate, Verdict } from './promotion.js';
export type {
  CodeVersion,
  EvaluatedModel,
  Evaluation,
  EvaluationFacts,
  EvaluationOutcome,
  EvaluationProgress,
  EvaluationStatus,
  NewEvaluation,
} from './evaluation.js';
export type { EvaluationResult, NewEvaluationResult } from './evaluation-result.js';
export {
  isAlive,
  workerRoles,
  type NewWorkerNode,
  type WorkerNode,
  type WorkerReport,
  type WorkerRole,
} from './worker-node.js';
export {
  MAX_SWEEP_RUNS,
  leaderboard,
  settledSweep,
  sweepPoints,
  type NewSweep,
  type Sweep,
  type SweepLists,
  type SweepPoint,
  type SweepRun,
  type SweepStatus,
} from './sweep.js';
