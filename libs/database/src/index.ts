export { DatabaseModule } from './database.module.js';
export { connectionLost } from './connection-lost.js';
export { openDatabase, type Database } from './open-database.js';
export {
  createDataSource,
  openDataSource,
  withoutPassword,
  type DatabaseOptions,
} from './open-data-source.js';
export { runPendingMigrations } from './migrate.js';
export { createRepositories, type Repositories } from './repositories.js';
export { AdapterAliasRepository } from './adapter-alias.repository.js';
export { AdapterRepository, type AdapterFilter } from './adapter.repository.js';
export { ApiKeyRepository, type LiveApiKey } from './api-key.repository.js';
export { BaseModelRepository } from './base-model.repository.js';
export { CheckpointRepository } from './checkpoint.repository.js';
export { ProjectFiguresRepository, type ProjectFigures } from './project-figures.repository.js';
export { DataFileRepository } from './data-file.repository.js';
export { EvaluationRepository } from './evaluation.repository.js';
export { EvaluationEventRepository } from './evaluation-event.repository.js';
export { EvaluationResultRepository, type EvaluationFilter } from './evaluation-result.repository.js';
export {
  FineTuningJobRepository,
  type FineTuningJobFilter,
  type FineTuningOutcome,
} from './fine-tuning-job.repository.js';
export { InferenceJobRepository, type InferenceJobFilter } from './inference-job.repository.js';
export type { EventRepository } from './event.repository.js';
export { JobEventRepository } from './job-event.repository.js';
export { JobMetricRepository } from './job-metric.repository.js';
export { JobSummaryRepository, type JobChange } from './job-summary.repository.js';
export { SweepRepository } from './sweep.repository.js';
export { TaskRepository } from './task.repository.js';
export type { JobPlace } from './turns.js';
export { WorkerNodeRepository } from './worker-node.repository.js';
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
