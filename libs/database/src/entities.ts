import { AdapterAliasEntity } from './adapter-alias.entity.js';
import { AdapterEntity } from './adapter.entity.js';
import { AdapterVersionEntity } from './adapter-version.entity.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { BaseModelEntity } from './base-model.entity.js';
import { CheckpointEntity } from './checkpoint.entity.js';
import { DataFileEntity } from './data-file.entity.js';
import { EvaluationEntity } from './evaluation.entity.js';
import { EvaluationEventEntity } from './evaluation-event.entity.js';
import { EvaluationResultEntity } from './evaluation-result.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { InferenceJobEntity } from './inference-job.entity.js';
import { JobEventEntity } from './job-event.entity.js';
import { JobMetricEntity } from './job-metric.entity.js';
import { ProjectEntity } from './project.entity.js';
import { SweepEntity } from './sweep.entity.js';
import { TaskEntity } from './task.entity.js';
import { WorkerNodeEntity } from './worker-node.entity.js';

/** Every table. */
export const entities = [
  AdapterAliasEntity,
  AdapterEntity,
  AdapterVersionEntity,
  ApiKeyEntity,
  BaseModelEntity,
  CheckpointEntity,
  DataFileEntity,
  EvaluationEntity,
  EvaluationEventEntity,
  EvaluationResultEntity,
  FineTuningJobEntity,
  InferenceJobEntity,
  JobEventEntity,
  JobMetricEntity,
  ProjectEntity,
  SweepEntity,
  TaskEntity,
  WorkerNodeEntity,
];
