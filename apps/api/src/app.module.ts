import { Module, type DynamicModule } from '@nestjs/common';
import { DatabaseModule } from '@prad/database';
import { BlobStore, LocalBlobStore } from '@prad/storage';
import { Metrics, requestLogging, type Logger } from '@prad/telemetry';
import { KeyRing } from './access/key-ring.js';
import { AdapterFilesService } from './adapters/adapter-files.service.js';
import { AdapterAliasesController } from './adapters/adapter-aliases.controller.js';
import { AdaptersController } from './adapters/adapters.controller.js';
import { EvaluationService } from './evaluations/evaluation.service.js';
import { EvaluationsController } from './evaluations/evaluations.controller.js';
import { FilePreviewService } from './files/file-preview.service.js';
import { FileService } from './files/file.service.js';
import { RowStore } from './files/row-store.js';
import { FilesController } from './files/files.controller.js';
import { CheckpointsController } from './fine-tuning/checkpoints.controller.js';
import { EstimateController } from './fine-tuning/estimate.controller.js';
import { EstimateService } from './fine-tuning/estimate.service.js';
import { FineTuningController } from './fine-tuning/fine-tuning.controller.js';
import { FineTuningService } from './fine-tuning/fine-tuning.service.js';
import { JobCheck } from './fine-tuning/job-check.js';
import { SweepService } from './fine-tuning/sweep.service.js';
import { SweepsController } from './fine-tuning/sweeps.controller.js';
import { JobMetricsController } from './fine-tuning/job-metrics.controller.js';
import { ChatCompletionsController } from './generation/chat-completions.controller.js';
import { CompletionsController } from './generation/completions.controller.js';
import { EmbeddingsController } from './generation/embeddings.controller.js';
import { GenerationService } from './generation/generation.service.js';
import { ReadingService } from './generation/reading.service.js';
import { RequestQueue } from './generation/request-queue.js';
import { ScoreController } from './generation/score.controller.js';
import { HealthController } from './health/health.controller.js';
import { ReadinessService } from './health/readiness.service.js';
import { Drain } from './http/drain.js';
import { JobChangeFeed } from './jobs/job-change.feed.js';
import { JobService } from './jobs/job.service.js';
import { JobsController } from './jobs/jobs.controller.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ModelResolver } from './models/model-resolver.js';
import { ModelService } from './models/model.service.js';
import { ModelsController } from './models/models.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { OverviewService } from './overview/overview.service.js';
import { TextCodecs } from './models/text-codecs.js';
import { QueueModule } from './queue.module.js';
import { ScalingController } from './scaling/scaling.controller.js';
import { ScalingService } from './scaling/scaling.service.js';
import type { ApiSettings } from './settings.js';
import { SettingsModule } from './settings.module.js';
import { TaskPreviewService } from './tasks/task-preview.service.js';
import { TaskResolver } from './tasks/task-resolver.js';
import { TasksController } from './tasks/tasks.controller.js';
import { WorkersController } from './workers/workers.controller.js';

const controllers = [
  FilesController,
  FineTuningController,
  EstimateController,
  EvaluationsController,
  SweepsController,
  JobMetricsController,
  CheckpointsController,
  ModelsController,
  CompletionsController,
  ChatCompletionsController,
  EmbeddingsController,
  ScoreController,
  JobsController,
  TasksController,
  AdapterAliasesController,
  AdaptersController,
  OverviewController,
  WorkersController,
  HealthController,
  MetricsController,
  ScalingController,
];

@Module({})
export class AppModule {
  static forRoot(settings: ApiSettings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        requestLogging(logger),
        SettingsModule.forRoot(settings),
        DatabaseModule.forRoot({ url: settings.databaseUrl, poolSize: settings.databasePoolSize }),
        QueueModule,
      ],
      controllers,
      providers: [
        { provide: BlobStore, useFactory: () => new LocalBlobStore(settings.blobFolder) },
        { provide: Metrics, useFactory: () => new Metrics('api') },
        ApiMetrics,
        Drain,
        FileService,
        RowStore,
        AdapterFilesService,
        FilePreviewService,
        TaskPreviewService,
        TaskResolver,
        TextCodecs,
        FineTuningService,
        JobCheck,
        EstimateService,
        EvaluationService,
        SweepService,
        JobService,
        JobChangeFeed,
        OverviewService,
        KeyRing,
        RequestQueue,
        GenerationService,
        ReadingService,
        ModelResolver,
        ModelService,
        ReadinessService,
        ScalingService,
      ],
    };
  }
}
