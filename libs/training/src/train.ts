import { openBaseModel, ownTokens } from '@prad/models';
import type { TokenExample } from '@prad/formats';
import type { TrainingEvent } from './events.js';
import { fit } from './fit.js';
import { loadExamples } from './load-examples.js';
import type { TrainingPlan } from './plan.js';
import { trainedTensors } from './trained-tensors.js';

/**
 * Trains what the plan says and tells of it as it goes. The run computes on the calling thread.
 *
 * @throws AppError invalid for a plan or data that do not fit, naming the option or the line; and as `fit`.
 */
export async function* train(plan: TrainingPlan, signal: AbortSignal): AsyncGenerator<TrainingEvent, void> {
  const model = await openBaseModel(plan.modelFolder, plan.modelName);
  const { adapter } = trainedTensors(model, plan.trainable);
  const own = adapter && ownTokens(model, adapter);
  const taken = (adapter?.prefix?.length ?? 0) + (own?.inFront.length ?? 0);
  const longest = Math.min(plan.hyperparameters.maxLength, model.dimensions.maxPositions - taken);
  const load = (path: string): Promise<TokenExample[]> => loadExamples(path, model, longest, own);
  const examples = await load(plan.trainingFile);
  const validation = plan.validationFile ? await load(plan.validationFile) : [];
  yield* fit({ plan, model, examples, validation }, signal);
}
