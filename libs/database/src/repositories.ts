import type { DataSource } from 'typeorm';
import { AdapterAliasRepository } from './adapter-alias.repository.js';
import { AdapterRepository } from './adapter.repository.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { BaseModelRepository } from './base-model.repository.js';
import { CheckpointRepository } from './checkpoint.repository.js';
import { ProjectFiguresRepository } from './project-figures.repository.js';
import { DataFileRepository } from './data-file.repository.js';
import { EvaluationRepository } from './evaluation.repository.js';
import { EvaluationEventRepository } from './evaluation-event.repository.js';
import { EvaluationResultRepository } from './evaluation-result.repository.js';
import { FineTuningJobRepository } from './fine-tuning-job.repository.js';
import { InferenceJobRepository } from './inference-job.repository.js';
import { JobEventRepository } from './job-event.repository.js';
import { JobMetricRepository } from './job-metric.repository.js';
import { JobSummaryRepository } from './job-summary.repository.js';
import { SweepRepository } from './sweep.repository.js';
import { TaskRepository } from './task.repository.js';
import { WorkerNodeRepository } from './worker-node.repository.js';

/** One repository of each kind. */
export interface Repositories {
  readonly adapterAliases: AdapterAliasRepository;
  readonly adapters: AdapterRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly baseModels: BaseModelRepository;
  readonly checkpoints: CheckpointRepository;
  readonly projectFigures: ProjectFiguresRepository;
  readonly dataFiles: DataFileRepository;
  readonly evaluations: EvaluationRepository;
  readonly evaluationEvents: EvaluationEventRepository;
  readonly evaluationResults: EvaluationResultRepository;
  readonly fineTuningJobs: FineTuningJobRepository;
  readonly inferenceJobs: InferenceJobRepository;
  readonly jobEvents: JobEventRepository;
  readonly jobMetrics: JobMetricRepository;
  readonly jobSummaries: JobSummaryRepository;
  readonly sweeps: SweepRepository;
  readonly tasks: TaskRepository;
  readonly workerNodes: WorkerNodeRepository;
}

export function createRepositories(dataSource: DataSource): Repositories {
  return {
    adapterAliases: new AdapterAliasRepository(dataSource),
    adapters: new AdapterRepository(dataSource),
    apiKeys: new ApiKeyRepository(dataSource),
    baseModels: new BaseModelRepository(dataSource),
    checkpoints: new CheckpointRepository(dataSource),
    projectFigures: new ProjectFiguresRepository(dataSource),
    dataFiles: new DataFileRepository(dataSource),
    evaluations: new EvaluationRepository(dataSource),
    evaluationEvents: new EvaluationEventRepository(dataSource),
    evaluationResults: new EvaluationResultRepository(dataSource),
    fineTuningJobs: new FineTuningJobRepository(dataSource),
    inferenceJobs: new InferenceJobRepository(dataSource),
    jobEvents: new JobEventRepository(dataSource),
    jobMetrics: new JobMetricRepository(dataSource),
    jobSummaries: new JobSummaryRepository(dataSource),
    sweeps: new SweepRepository(dataSource),
    tasks: new TaskRepository(dataSource),
    workerNodes: new WorkerNodeRepository(dataSource),
  };
}
