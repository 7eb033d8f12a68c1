import { openBaseModel } from '@prad/models';
import type { TrainingEvent } from './events.js';
import { fit } from './fit.js';
import { loadExamples } from './load-examples.js';
import type { TrainingPlan } from './plan.js';

/**
 * Trains what the plan says and tells of it as it goes. The run computes on the calling thread.
 *
 * @throws AppError invalid for a plan or data that do not fit, naming the option or the line; and as `fit`.
 */
export async function* train(plan: TrainingPlan, signal: AbortSignal): AsyncGenerator<TrainingEvent, void> {
  const model = await openBaseModel(plan.modelFolder, plan.modelName);
  const longest = Math.min(plan.hyperparameters.maxLength, model.dimensions.maxPositions);
  const examples = await loadExamples(plan.trainingFile, model, longest);
  const validation = plan.validationFile ? await loadExamples(plan.validationFile, model, longest) : [];
  yield* fit({ plan, model, examples, validation }, signal);
}
