import { baseLayout } from '@prad/adapter-files';
import { adapterMethods, hyperparameterDefaults, type FineTuningMethodRequest } from '@prad/contracts';
import type { ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { MethodOptions, TrainingSettings } from '@prad/queue';

type PradMethod = FineTuningMethodRequest['prad'];

/** Fills in what the caller left out. Throws invalid for a layer that the base does not have, where its layers are known. */
export function methodOptions(
  { adapter, rank, scale, init, targets, layers }: PradMethod,
  base: Pick<ReadyBaseModel, 'id' | 'details'>,
): MethodOptions {
  const count = baseLayout.safeParse(base.details['layout']).data?.layers ?? Infinity;
  const above = layers?.find((layer) => layer >= count);
  if (above !== undefined) throw noSuchLayer(above, count, base);
  const defaults = adapterMethods[adapter];
  return {
    rank: rank ?? defaults.rank,
    scale: scale ?? defaults.scale,
    init,
    ...(targets === undefined ? {} : { targets }),
    ...(layers === undefined ? {} : { layers }),
  };
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
    learningRate: given.learning_rate ?? adapterMethods[adapter].learning_rate,
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

function noSuchLayer(layer: number, count: number, { id }: Pick<ReadyBaseModel, 'id'>): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'layer_not_found',
    message: `\`layers\` must be from 0 to ${count - 1}, the layers of ${id}, got ${layer}`,
    details: { param: 'method.prad.layers' },
  });
}
