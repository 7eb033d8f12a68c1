import { baseLayout, refuseMisfits } from '@prad/adapter-files';
import { defaultLearningRates, hyperparameterDefaults, type FineTuningMethodRequest } from '@prad/contracts';
import type { ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { TrainingSettings } from '@prad/queue';
import { taskOf, type TaskReference } from '@prad/tasks';

type PradMethod = FineTuningMethodRequest['prad'];

/**
 * The options of the method, defaults filled in. Throws invalid for what the base does not have: a layer, a projection, a
 * rank within its size; where its layout is known. Where the task's template has special tokens, the adapter gets them.
 */
export function methodOptions(
  { adapter, scope: _scope, hyperparameters: _settings, ...options }: PradMethod,
  base: Pick<ReadyBaseModel, 'details'>,
  task: TaskReference | null = null,
): Readonly<Record<string, unknown>> {
  const layout = baseLayout.safeParse(base.details['layout']).data;
  try {
    if (layout !== undefined && adapter !== 'full') refuseMisfits(adapter, options, layout);
  } catch (error) {
    throw error instanceof AppError ? atField(error) : error;
  }
  return task?.template === 'special' ? withTokens(adapter, options, task) : options;
}

function withTokens(
  adapter: string,
  options: Readonly<Record<string, unknown>>,
  task: TaskReference,
): Readonly<Record<string, unknown>> {
  const { special_tokens: tokens } = options;
  if (!Array.isArray(tokens)) {
    throw new AppError({
      kind: 'invalid',
      code: 'no_special_tokens',
      message: `\`task.template\`: the method ${adapter} has no special tokens, which the template special of ${task.name} needs`,
      details: { param: 'task.template' },
    });
  }
  return tokens.length > 0 ? options : { ...options, special_tokens: [...taskOf(task).specialTokens] };
}

/**
 * Fills in what the caller left out. Throws invalid where examples would not fit the base model's context.
 */
export function trainingSettings(
  { adapter, hyperparameters }: PradMethod,
  base: Pick<ReadyBaseModel, 'id' | 'contextLength'>,
): Omit<TrainingSettings, 'task'> {
  const given = hyperparameters;
  const maxLength = given.max_length ?? base.contextLength;
  if (maxLength > base.contextLength) throw tooLong(maxLength, base);
  return {
    epochs: given.n_epochs ?? hyperparameterDefaults.n_epochs,
    // A budget of tokens limits a batch by itself: an example has one at least.
    batchSize: given.batch_size ?? given.max_tokens_per_batch ?? hyperparameterDefaults.batch_size,
    learningRate: given.learning_rate ?? defaultLearningRates[adapter],
    warmupRatio: given.warmup_ratio ?? hyperparameterDefaults.warmup_ratio,
    weightDecay: given.weight_decay ?? hyperparameterDefaults.weight_decay,
    maxGradNorm: given.max_grad_norm ?? hyperparameterDefaults.max_grad_norm,
    maxLength,
    saveTotalLimit: given.save_total_limit ?? (adapter === 'full' ? FULL_CHECKPOINTS : undefined),
    ...askedFor(given),
  };
}

/** A checkpoint of all weights is as large as the model. */
const FULL_CHECKPOINTS = 1;

/** What has no default of its own, or that of the trainer. */
function askedFor(given: PradMethod['hyperparameters']) {
  return {
    maxSteps: given.max_steps,
    maxTokensPerBatch: given.max_tokens_per_batch,
    groupByLength: given.group_by_length,
    gradientAccumulationSteps: given.gradient_accumulation_steps,
    pack: given.pack,
    schedulerType: given.lr_scheduler_type,
    warmupSteps: given.warmup_steps,
    labelSmoothing: given.label_smoothing_factor,
    evaluationSteps: given.evaluation_steps,
    saveSteps: given.save_steps,
    earlyStoppingPatience: given.early_stopping_patience,
    earlyStoppingThreshold: given.early_stopping_threshold,
    dataSeed: given.data_seed,
    dropoutSeed: given.dropout_seed,
  };
}

function tooLong(maxLength: number, base: Pick<ReadyBaseModel, 'id' | 'contextLength'>): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'context_length_exceeded',
    message: `\`max_length\` must be at most ${base.contextLength}, the context of ${base.id}, got ${maxLength}`,
    details: { param: 'method.prad.hyperparameters.max_length' },
  });
}

/** The same error, with the option's place in the request. */
function atField({ kind, code, message, details }: AppError): AppError {
  const param = `method.prad.${String(details['field'])}`;
  return new AppError({ kind, code, message, details: { ...details, param } });
}
