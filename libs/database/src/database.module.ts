import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
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
import { openDataSource, type DatabaseOptions } from './open-data-source.js';
import { SweepRepository } from './sweep.repository.js';
import { TaskRepository } from './task.repository.js';
import { WorkerNodeRepository } from './worker-node.repository.js';

const repositories = [
  AdapterAliasRepository,
  AdapterRepository,
  ApiKeyRepository,
  BaseModelRepository,
  CheckpointRepository,
  ProjectFiguresRepository,
  DataFileRepository,
  EvaluationRepository,
  EvaluationEventRepository,
  EvaluationResultRepository,
  FineTuningJobRepository,
  InferenceJobRepository,
  JobEventRepository,
  JobMetricRepository,
  JobSummaryRepository,
  SweepRepository,
  TaskRepository,
  WorkerNodeRepository,
];

/** Gives the whole application the repositories and TypeORM's DataSource. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Connects and runs pending migrations while the application starts; disconnects after it has stopped. */
  static forRoot(options: DatabaseOptions): DynamicModule {
    const connection = { provide: DataSource, useFactory: () => openDataSource(options) };
    return {
      module: DatabaseModule,
      global: true,
      providers: [connection, ...repositories],
      exports: [DataSource, ...repositories],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}
