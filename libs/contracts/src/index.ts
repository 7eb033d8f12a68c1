export { MAX_SEQUENCES } from './beam-search.js';
export { eventQuery, type EventQuery } from './event.js';
export { MAX_LINE_PROBLEMS, errorBody, type ErrorBody, type LineProblem } from './error-body.js';
export { MAX_PAGE_SIZE, listQuery, type ListQuery } from './pagination.js';
export {
  columnMapping,
  fileDeletion,
  fileFormat,
  fileFormats,
  fileList,
  fileListQuery,
  fileObject,
  uploadForm,
  uploadPurpose,
  uploadPurposes,
  type ColumnMapping,
  type FileFormat,
  type FileListQuery,
  type FileObject,
} from './file.js';
export {
  importModelRequest,
  modelDeletion,
  modelList,
  modelName,
  quantization,
  type Quantization,
  modelObject,
  type ImportModelRequest,
  type ModelObject,
} from './model.js';
export {
  adapterMethodNames,
  adapterOptions,
  defaultLearningRates,
  maskScopes,
  trainingMethodNames,
  type AdapterMethod,
  type TrainingMethod,
} from './adapter-method.js';
export {
  hyperparameterDefaults,
  hyperparameters,
  lrSchedulerTypes,
  type Hyperparameters,
} from './hyperparameters.js';
export { fineTuningMethod, type FineTuningMethodRequest } from './fine-tuning-method.js';
export {
  createFineTuningJob,
  fineTuningJob,
  fineTuningJobList,
  fineTuningJobListQuery,
  fineTuningJobStatus,
  type CreateFineTuningJob,
  type FineTuningJobListQuery,
  type FineTuningJobObject,
} from './fine-tuning-job.js';
export { fineTuningEstimate, type FineTuningEstimateObject } from './fine-tuning-estimate.js';
export {
  fineTuningCheckpoint,
  fineTuningCheckpointList,
  fineTuningEvent,
  fineTuningEventList,
  type FineTuningCheckpointObject,
  type FineTuningEventObject,
} from './fine-tuning-event.js';
export {
  finishReason,
  generationFacts,
  usage,
  type FinishReason,
  type GenerationFactsObject,
  type UsageObject,
} from './generation-facts.js';
export {
  COMPLETION_MAX_TOKENS,
  MAX_PROMPTS,
  completion,
  completionChunk,
  createCompletion,
  type Completion,
  type CompletionChunk,
  type CreateCompletion,
} from './completion.js';
export {
  chatLogprobs,
  completionLogprobs,
  promptLogprobs,
  type ChatLogprobs,
  type CompletionLogprobs,
  type PromptLogprobs,
} from './logprobs.js';
export {
  CHAT_MAX_TOKENS,
  chatCompletion,
  chatCompletionChunk,
  createChatCompletion,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatMessageRequest,
  type CreateChatCompletion,
} from './chat-completion.js';
export { readingFacts, type ReadingFactsObject } from './reading-facts.js';
export {
  MAX_EMBEDDING_INPUTS,
  createEmbedding,
  embeddingList,
  type CreateEmbedding,
  type EmbeddingListObject,
} from './embedding.js';
export { MAX_CHOICES, createScore, scoreList, type CreateScore, type ScoreListObject } from './score.js';
export {
  evaluationEvent,
  evaluationEventList,
  type EvaluationEventObject,
  type EvaluationStandingObject,
} from './evaluation-event.js';
export {
  createEvaluation,
  evaluationList,
  evaluationObject,
  MAX_EVALUATED_MODELS,
  type CreateEvaluation,
  type CreateJobEvaluation,
  type EvaluationObject,
} from './evaluation.js';
export { health, readiness, type Readiness } from './health.js';
export { scaling, type ScalingObject } from './scaling.js';
export {
  jobKind,
  jobKinds,
  jobList,
  jobListQuery,
  jobStatus,
  jobStreamQuery,
  jobSummary,
  type JobListObject,
  type JobListQuery,
  type JobStatus,
  type JobStreamQuery,
  type JobSummaryObject,
} from './job-summary.js';
export { worker, workerList, type WorkerObject } from './worker.js';
export { overview, type OverviewObject } from './overview.js';
export {
  MAX_CURVE_POINTS,
  jobMetric,
  jobMetricList,
  jobMetricQuery,
  type JobMetricObject,
  type JobMetricQuery,
} from './job-metric.js';
export {
  adapterAlias,
  adapterAliasDeletion,
  adapterAliasList,
  adapterExportQuery,
  adapterFileName,
  adapterFileNames,
  adapterFormats,
  adapterList,
  adapterObject,
  adapterVersion,
  importAdapterFields,
  setAdapterAlias,
  importAdapterForm,
  type AdapterExportQuery,
  type AdapterFileName,
  type AdapterAliasObject,
  type AdapterObject,
  type SetAdapterAlias,
  type ImportAdapterFields,
} from './adapter.js';
export {
  filePreview,
  filePreviewQuery,
  type FilePreviewObject,
  type FilePreviewQuery,
  type LengthDistribution,
} from './file-preview.js';
export {
  createFineTuningSweep,
  fineTuningSweep,
  fineTuningSweepList,
  type CreateFineTuningSweep,
  type FineTuningSweepObject,
} from './fine-tuning-sweep.js';
export type { ResponseFormat } from './response-format.js';
export {
  MAX_PREVIEW_CHARACTERS,
  MAX_PREVIEW_LINES,
  chosenTask,
  createTask,
  previewTask,
  taskChoice,
  taskDeletion,
  taskList,
  taskObject,
  taskPreview,
  type ChosenTask,
  type CreateTask,
  type PreviewTask,
  type TaskChoice,
  type TaskObject,
  type TaskPreviewObject,
} from './task.js';
