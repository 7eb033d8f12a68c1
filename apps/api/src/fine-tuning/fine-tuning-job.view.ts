import { hyperparameterDefaults as defaults } from '@prad/contracts';
import type { FineTuningCheckpointObject, FineTuningEventObject, FineTuningJobObject } from '@prad/contracts';
import { toldStatus, type Checkpoint, type FineTuningJob, type JobEvent } from '@prad/domain';
import { trainingSettings, type TrainingSettings } from '@prad/queue';
import { toSeconds } from '../http/page.view.js';
import { toChosenTask } from '../tasks/task.view.js';

export function toFineTuningJobObject(job: FineTuningJob): FineTuningJobObject {
  const settings = trainingSettings.parse(job.method.hyperparameters);
  return {
    ...progressOf(job),
    id: job.id,
    object: 'fine_tuning.job',
    created_at: toSeconds(job.createdAt),
    status: toldStatus(job),
    model: job.model,
    training_file: job.trainingFile,
    validation_file: job.validationFile,
    suffix: job.suffix,
    user_provided_suffix: job.suffix,
    seed: job.seed,
    organization_id: 'prad',
    result_files: [],
    hyperparameters: {
      n_epochs: settings.maxSteps === undefined ? settings.epochs : 'auto',
      batch_size: settings.batchSize,
      learning_rate_multiplier: 'auto',
    },
    method: { type: 'prad', prad: methodOf(job) },
    metadata: { ...job.metadata },
    integrations: [],
  };
}

/** What changes while the job runs. */
function progressOf(job: FineTuningJob) {
  const { progress, warnings, cancelRequested, pauseRequested, attempts, startedAt } = job;
  return {
    finished_at: 'finishedAt' in job ? toSeconds(job.finishedAt) : null,
    fine_tuned_model: job.status === 'succeeded' ? job.result.id : null,
    trained_tokens: job.status === 'succeeded' ? job.trainedTokens : null,
    error: job.status === 'failed' ? { ...job.error } : null,
    prad: {
      task: toChosenTask(trainingSettings.parse(job.method.hyperparameters).task),
      progress: progress === null ? null : { ...progress },
      warnings: [...warnings],
      priority: job.priority,
      cancel_requested: cancelRequested,
      pause_requested: pauseRequested,
      attempts,
      started_at: startedAt === null ? null : toSeconds(startedAt),
      ...gateOf(job),
    },
  };
}

/** What measures the result, and what became of its gate. */
function gateOf({ evaluation, evaluationId, promotion }: FineTuningJob) {
  const { fileId = '', metrics = [], promote } = evaluation ?? {};
  const gate = promote && {
    ...{ adapter: promote.adapter, alias: promote.alias, metric: promote.metric },
    ...{ min_improvement: promote.minImprovement, significance: promote.significance },
  };
  return {
    evaluation: evaluation && {
      id: evaluationId,
      file: fileId,
      metrics: [...metrics],
      promote: gate ?? null,
    },
    promotion: promotion && {
      ...{ promoted: promotion.promoted, reason: promotion.reason, adapter: promotion.adapter },
      ...{ version: promotion.version, alias: promotion.alias, compared_with: promotion.comparedWith },
    },
  };
}

function methodOf({ method }: FineTuningJob): FineTuningJobObject['method']['prad'] {
  const settings = trainingSettings.parse(method.hyperparameters);
  return {
    ...method.options,
    ...{ adapter: method.adapter, scope: method.scope },
    hyperparameters: {
      n_epochs: settings.maxSteps === undefined ? settings.epochs : null,
      max_steps: settings.maxSteps ?? null,
      batch_size: settings.batchSize,
      max_tokens_per_batch: settings.maxTokensPerBatch ?? null,
      group_by_length: settings.groupByLength ?? defaults.group_by_length,
      gradient_accumulation_steps: settings.gradientAccumulationSteps ?? defaults.gradient_accumulation_steps,
      pack: settings.pack ?? defaults.pack,
      learning_rate: settings.learningRate,
      lr_scheduler_type: settings.schedulerType ?? defaults.lr_scheduler_type,
      warmup_ratio: settings.warmupRatio,
      warmup_steps: settings.warmupSteps ?? null,
      weight_decay: settings.weightDecay,
      max_grad_norm: settings.maxGradNorm,
      label_smoothing_factor: settings.labelSmoothing ?? defaults.label_smoothing_factor,
      max_length: settings.maxLength,
      ...policiesOf(settings),
    },
  };
}

/** When to validate, to keep and to end. */
function policiesOf(settings: TrainingSettings) {
  return {
    evaluation_steps: settings.evaluationSteps ?? null,
    save_steps: settings.saveSteps ?? null,
    save_total_limit: settings.saveTotalLimit ?? null,
    early_stopping_patience: settings.earlyStoppingPatience ?? null,
    early_stopping_threshold: settings.earlyStoppingThreshold ?? null,
    data_seed: settings.dataSeed ?? null,
    dropout_seed: settings.dropoutSeed ?? null,
  };
}

export function toFineTuningEventObject(event: JobEvent): FineTuningEventObject {
  const { id, createdAt, level, message, type, data, sequence } = event;
  return {
    ...{ id, object: 'fine_tuning.job.event', created_at: toSeconds(createdAt), level, message, type },
    data: { ...data },
    prad: { sequence },
  };
}

export function toFineTuningCheckpointObject(checkpoint: Checkpoint): FineTuningCheckpointObject {
  const { id, jobId, step, trainLoss, validLoss, digest, bytes, createdAt } = checkpoint;
  return {
    ...{
      id,
      object: 'fine_tuning.job.checkpoint',
      created_at: toSeconds(createdAt),
      fine_tuning_job_id: jobId,
    },
    fine_tuned_model_checkpoint: `${jobId}:ckpt-step-${step}`,
    step_number: step,
    metrics: {
      step,
      ...(trainLoss === null ? {} : { train_loss: trainLoss }),
      ...(validLoss === null ? {} : { valid_loss: validLoss }),
    },
    prad: { digest, bytes },
  };
}
