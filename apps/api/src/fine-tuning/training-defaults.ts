import { baseLayout, refuseMisfits } from '@prad/adapter-files';
import { defaultLearningRates, hyperparameterDefaults, type FineTuningMethodRequest } from '@prad/contracts';
import type { ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { TrainingSettings } from '@prad/queue';

type PradMethod = FineTuningMethodRequest['prad'];

/**
 * The options of the method, defaults filled in. Throws invalid for what the base does not have: a layer, a projection, a
 * rank within its size; where its layout is known.
 */
export function methodOptions(
  { adapter, scope: _scope, hyperparameters: _settings, ...options }: PradMethod,
  base: Pick<ReadyBaseModel, 'details'>,
): Readonly<Record<string, unknown>> {
  const layout = baseLayout.safeParse(base.details['layout']).data;
  try {
    if (layout !== undefined && adapter !== 'full') refuseMisfits(adapter, options, layout);
  } catch (error) {
    throw error instanceof AppError ? atField(error) : error;
  }
  return options;
}

/**
 * Fills in what the caller left out. Validation runs once an epoch by default, for which the number of examples must
 * be known. Throws invalid where examples would not fit the base model's context.
 */
export function trainingSettings(
  { adapter, hyperparameters }: PradMethod,
  base: Pick<ReadyBaseModel, 'id' | 'contextLength'>,
  examples: number | null,
): TrainingSettings {
  const given = hyperparameters;
  const batchSize = given.batch_size ?? hyperparameterDefaults.batch_size;
  const maxLength = given.max_length ?? base.contextLength;
  if (maxLength > base.contextLength) throw tooLong(maxLength, base);
  return {
    epochs: given.n_epochs ?? hyperparameterDefaults.n_epochs,
    ...(given.max_steps === undefined ? {} : { maxSteps: given.max_steps }),
    batchSize,
    learningRate: given.learning_rate ?? defaultLearningRates[adapter],
    warmupRatio: given.warmup_ratio ?? hyperparameterDefaults.warmup_ratio,
    weightDecay: given.weight_decay ?? hyperparameterDefaults.weight_decay,
    maxGradNorm: given.max_grad_norm ?? hyperparameterDefaults.max_grad_norm,
    maxLength,
    evaluationSteps: given.evaluation_steps ?? Math.ceil((examples ?? 0) / batchSize),
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
