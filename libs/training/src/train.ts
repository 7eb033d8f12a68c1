import { join } from 'node:path';
import { openBaseModel, ownTokens, storedWeights, tunedModel } from '@prad/models';
import { rowReader } from '@prad/tasks';
import type { TrainingEvent } from './events.js';
import { fit } from './fit.js';
import { TokenDataset } from './examples.js';
import { loadExamples } from './load-examples.js';
import type { TrainerCompute } from './own-compute.js';
import type { TrainingPlan } from './plan.js';
import { trainedTensors } from './trained-tensors.js';

/**
 * Trains what the plan says and tells of it as it goes. All weights start as the base's, and end as a model folder like
 * the base's. The run computes on the calling thread,
 * with others where `compute` is a seat in a pack.
 *
 * @throws AppError invalid for a plan or data that do not fit, naming the option or the line; and as `fit`.
 */
export async function* train(
  plan: TrainingPlan,
  signal: AbortSignal,
  compute?: TrainerCompute,
): AsyncGenerator<TrainingEvent, void> {
  const model = await openBaseModel(plan.modelFolder, plan.modelName);
  const { adapter } = trainedTensors(model, plan.trainable);
  const own = adapter && ownTokens(model, adapter);
  const inFront = own?.inFront.length ?? 0;
  const taken = (adapter?.prefix?.length ?? 0) + inFront;
  const { maxLength, maxTokensPerBatch = Infinity } = plan.hyperparameters;
  const room = { tokens: Math.min(maxLength, model.dimensions.maxPositions - taken), setting: 'max_length' };
  const budget = { tokens: maxTokensPerBatch - inFront, setting: 'max_tokens_per_batch' };
  const read = rowReader(plan.task ?? null, 'train');
  const options = { read, codec: model, longest: budget.tokens < room.tokens ? budget : room, own };
  const examples = yield* loadExamples(plan.trainingFile, options, signal);
  const validation = plan.validationFile
    ? yield* loadExamples(plan.validationFile, options, signal)
    : new TokenDataset();
  const data = { plan, model, examples, validation, compute };
  if (plan.trainable.kind === 'adapter') return yield* fit(data, signal);
  // The model folder is made when the run's memory is free again.
  let end: Extract<TrainingEvent, { type: 'finished' }> | undefined;
  for await (const event of fit({ ...data, start: await storedWeights(model) }, signal)) {
    if (event.type === 'finished') end = event;
    else yield event;
  }
  if (!end) return;
  const path = join(plan.workFolder, 'model');
  yield { ...end, path, manifest: await tunedModel(model, end.path, path) };
}
