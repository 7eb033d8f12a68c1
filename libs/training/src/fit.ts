import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { AppError } from '@prad/errors';
import type { TokenExample } from '@prad/formats';
import type { BaseModel } from '@prad/models';
import { parameterCount } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';
import { encodeArtefact } from './artefact.js';
import { shuffledBatches, totalSteps } from './batches.js';
import { collate } from './collate.js';
import type { TrainingEvent } from './events.js';
import type { TrainingPlan } from './plan.js';
import { trainedTensors } from './trained-tensors.js';
import { Trainer } from './trainer.js';

/** A run whose data are tokens already. */
export interface TrainingRun {
  readonly plan: Omit<TrainingPlan, 'modelFolder' | 'modelName' | 'trainingFile' | 'validationFile'>;
  readonly model: BaseModel;
  readonly examples: readonly TokenExample[];
  /** May be empty: then nothing is validated and the last step is the best. */
  readonly validation: readonly TokenExample[];
  /** Start values of the trained tensors, in place of fresh ones. */
  readonly start?: ReadonlyMap<string, HostTensor>;
}

interface Best {
  readonly step: number;
  readonly loss: number;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * The training loop: validate, then batch, step and tell, with a checkpoint at every validation.
 * @throws AppError cancelled when `signal` aborts (at the next step); invalid for options that do not fit the model,
 * or when the loss is no number any more.
 */
export async function* fit(run: TrainingRun, signal: AbortSignal): AsyncGenerator<TrainingEvent, void> {
  const { plan, model, examples, validation } = run;
  const { hyperparameters, seed } = plan;
  const total = totalSteps(examples.length, hyperparameters);
  const trained = trainedTensors(model, plan.trainable);
  yield {
    type: 'started',
    totalSteps: total,
    trainableParameters: parameterCount({ parameters: trained.specs }),
    trainingExamples: examples.length,
    validationExamples: validation.length,
  };
  const trainer = await Trainer.open(model, trained, trainerOptions(run, total));
  try {
    let best: Best | undefined;
    let trainedTokens = 0;
    if (validation.length > 0) yield await evaluated(run, trainer, 0);
    const batches = shuffledBatches(examples, hyperparameters.batchSize, seed);
    for (let step = 1; step <= total; step++) {
      throwIfCancelled(signal);
      const started = performance.now();
      const batch = collate(batches.next().value, trained.maskOf, model.dimensions.vocabSize);
      const result = await trainer.step(batch);
      trainedTokens += batch.tokens;
      const tokensPerSecond = (1000 * batch.tokens) / (performance.now() - started);
      const epoch = (step * hyperparameters.batchSize) / examples.length;
      yield { type: 'step', step, epoch, ...result, tokens: batch.tokens, tokensPerSecond };
      if (step !== total && !isDue(step, hyperparameters.evaluationSteps)) continue;
      const evaluation = validation.length > 0 ? await evaluated(run, trainer, step) : undefined;
      if (evaluation) yield evaluation;
      const { tensors } = trainer;
      if (!best || !evaluation || evaluation.loss < best.loss)
        best = { step, loss: evaluation?.loss ?? 0, tensors };
      yield {
        type: 'checkpoint',
        step,
        path: await saved(run, `checkpoint-${step}`, tensors),
        ...(evaluation && { validationLoss: evaluation.loss }),
      };
    }
    if (!best) throw new AppError({ kind: 'bug', code: 'no_steps', message: 'the run had no step' });
    const path = await saved(run, 'result', best.tensors);
    yield { type: 'finished', steps: total, trainedTokens, bestStep: best.step, path };
  } finally {
    await trainer.close();
  }
}

function trainerOptions({ plan, start }: TrainingRun, total: number) {
  const { hyperparameters, seed, intraOpThreads, device } = plan;
  return {
    ...hyperparameters,
    warmupSteps: Math.ceil(hyperparameters.warmupRatio * total),
    totalSteps: total,
    seed,
    intraOpThreads,
    ...(device && { device }),
    ...(start && { start }),
  };
}

async function evaluated(
  { validation, plan }: TrainingRun,
  trainer: Trainer,
  step: number,
): Promise<Extract<TrainingEvent, { type: 'evaluation' }>> {
  const loss = await trainer.evaluate(validation, plan.hyperparameters.batchSize);
  return { type: 'evaluation', step, loss };
}

function isDue(step: number, every: number): boolean {
  return every > 0 && step % every === 0;
}

async function saved(
  run: TrainingRun,
  name: string,
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<string> {
  const path = join(run.plan.workFolder, `${name}.safetensors`);
  await writeFile(path, await encodeArtefact(run.model, run.plan.trainable, tensors));
  return path;
}

function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new AppError({
    kind: 'cancelled',
    code: 'training_cancelled',
    message: 'the training was cancelled',
  });
}
