import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { AppError } from '@prad/errors';
import type { BaseModel } from '@prad/models';
import { parameterCount } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';
import { encodeArtefact } from './artefact.js';
import { BatchOrder, parts, type PlannedStep } from './batches.js';
import type { TrainingEvent } from './events.js';
import type { Examples } from './examples.js';
import { throwIfAborted } from './interrupt.js';
import type { TrainerCompute } from './own-compute.js';
import type { TrainingPlan } from './plan.js';
import { runDigest } from './run-digest.js';
import { stepMeter, type StepMeter } from './step-meter.js';
import { trainedTensors } from './trained-tensors.js';
import { Trainer } from './trainer.js';
import { readState, writeState, type Best } from './training-state.js';

/** A run whose data are tokens already. */
export interface TrainingRun {
  readonly plan: Omit<TrainingPlan, 'modelFolder' | 'modelName' | 'trainingFile' | 'validationFile'>;
  readonly model: BaseModel;
  readonly examples: Examples;
  /** May be empty: then nothing is validated and the last step is the best. */
  readonly validation: Examples;
  /** Start values of the trained tensors, in place of fresh ones. */
  readonly start?: ReadonlyMap<string, HostTensor>;
  /** Where it computes: in sessions of its own by default, or in a seat of a `TrainingPack`. */
  readonly compute?: TrainerCompute | undefined;
}

/** Share of a run's time that writing states may take. */
const STATE_SHARE = 0.02;

type EventOf<Type extends TrainingEvent['type']> = Extract<TrainingEvent, { type: Type }>;

/**
 * The training loop: validate, then batch, step and tell, with validations, checkpoints and states as the plan has them.
 * An aborted run tells a `state` before it ends, from which a run of the same plan goes on to the same bytes.
 * @throws AppError cancelled when `signal` aborts (at the next step, or the next batch of a validation); invalid for
 * options that do not fit the model, or when the loss is no number any more; conflict `training_state_mismatch`.
 */
export async function* fit(run: TrainingRun, signal: AbortSignal): AsyncGenerator<TrainingEvent, void> {
  const order = new BatchOrder(run.examples, run.plan.hyperparameters, run.plan);
  const trained = trainedTensors(run.model, run.plan.trainable);
  const { totalSteps } = order;
  const trainer = await Trainer.open(run.model, trained, trainerOptions(run, totalSteps), run.compute);
  try {
    const loop = new Loop(run, trainer, order, await stepMeter(run, trainer), totalSteps, signal);
    await loop.resume(trained.specs.map(({ name }) => name));
    yield {
      type: 'started',
      totalSteps,
      trainableParameters: parameterCount({ parameters: trained.specs }),
      trainingExamples: run.examples.length,
      validationExamples: run.validation.length,
      resumedStep: trainer.state.steps,
    };
    yield* loop.run();
  } finally {
    await trainer.close();
  }
}

/** One run's way from step to step. */
class Loop {
  #trainedTokens = 0;
  #best: Best | undefined;
  /** Whether all that was due after the last step is done. */
  #settled = true;
  #digest: string | undefined;
  #savedAt = performance.now();
  /** What writing the last state took. */
  #saveMs = 0;
  /** Whether it was told that no state can be written. */
  #toldUnkept = false;

  constructor(
    private readonly training: TrainingRun,
    private readonly trainer: Trainer,
    private readonly order: BatchOrder,
    private readonly meter: StepMeter,
    private readonly total: number,
    private readonly signal: AbortSignal,
  ) {}

  /** Takes up what an interrupted run left behind, where the plan names it. */
  async resume(names: readonly string[]): Promise<void> {
    const { resumeFrom } = this.training.plan;
    if (resumeFrom === undefined) return;
    const state = await readState(resumeFrom, this.#runDigest, names);
    this.trainer.resume(state.trainer);
    this.#trainedTokens = state.trainedTokens;
    this.#settled = state.settled;
    this.#best = state.best;
  }

  async *run(): AsyncGenerator<TrainingEvent, void> {
    try {
      yield* this.#steps();
    } catch (error) {
      // Before the first step there is nothing to keep.
      if (this.signal.aborted && this.trainer.state.steps > 0) yield* this.#kept();
      throw error;
    }
    yield await this.#finished();
  }

  async *#steps(): AsyncGenerator<TrainingEvent, void> {
    const { trainer, total } = this;
    const begun = trainer.state.steps;
    if (begun === 0 && this.#validates) yield await this.#evaluation();
    // A step whose validation was interrupted is planned again for what is due after it.
    const planned = this.order.after(this.#settled ? begun : begun - 1);
    while (trainer.state.steps < total || !this.#settled) {
      const step = planned.next().value;
      if (this.#settled) yield await this.#step(step);
      yield* this.#settle(step);
      if (this.#isStoppedEarly) return;
      if (this.#stateIsDue) yield* this.#kept();
    }
  }

  async #step({ indices, epoch }: PlannedStep): Promise<EventOf<'step'>> {
    throwIfAborted(this.signal);
    const { examples, plan } = this.training;
    const started = performance.now();
    const passes = parts(indices, plan.hyperparameters.gradientAccumulationSteps ?? 1).map((rows) =>
      this.trainer.collate(examples, rows),
    );
    const result = await this.trainer.step(...passes);
    this.#settled = false;
    const measured = this.meter(passes, (performance.now() - started) / 1000);
    this.#trainedTokens += measured.tokens;
    return { type: 'step', step: this.trainer.state.steps, epoch, ...result, ...measured };
  }

  /** What is due after a step. */
  async *#settle(planned: PlannedStep): AsyncGenerator<TrainingEvent, void> {
    const { evaluationSteps, saveSteps } = this.training.plan.hyperparameters;
    const evaluates = this.#isDue(evaluationSteps, planned.endsEpoch);
    let loss: number | undefined;
    if (evaluates && this.#validates) {
      const evaluation = await this.#evaluation();
      loss = evaluation.loss;
      yield evaluation;
    }
    if (evaluates) this.#observe(loss);
    if (saveSteps === undefined ? evaluates : this.#isDue(saveSteps, false))
      yield await this.#checkpoint(loss);
    this.#settled = true;
  }

  /** `every` as in the plan: steps, 0 for none but the last, absent for the end of an epoch. */
  #isDue(every: number | undefined, endsEpoch: boolean): boolean {
    const { steps } = this.trainer.state;
    if (steps === this.total) return true;
    return every === undefined ? endsEpoch : every > 0 && steps % every === 0;
  }

  get #validates(): boolean {
    return this.training.validation.length > 0;
  }

  async #evaluation(): Promise<EventOf<'evaluation'>> {
    const { validation, plan } = this.training;
    const { batchSize, maxTokensPerBatch, gradientAccumulationSteps = 1 } = plan.hyperparameters;
    const limits = {
      batchSize: Math.ceil(batchSize / gradientAccumulationSteps),
      maxTokensPerBatch: maxTokensPerBatch && Math.ceil(maxTokensPerBatch / gradientAccumulationSteps),
    };
    const loss = await this.trainer.evaluate(validation, limits, this.signal);
    return { type: 'evaluation', step: this.trainer.state.steps, loss };
  }

  /** Without a validation the latest is the best. */
  #observe(loss: number | undefined): void {
    const { earlyStoppingThreshold = 0 } = this.training.plan.hyperparameters;
    const { tensors, steps: step } = this.trainer.state;
    const before = this.#best;
    const isBest = before?.loss === undefined || loss === undefined || loss < before.loss;
    const isClearlyBetter =
      before?.loss === undefined || loss === undefined || loss < before.loss - earlyStoppingThreshold;
    const worse = isClearlyBetter ? 0 : before.worse + 1;
    this.#best = isBest ? { step, loss, tensors, worse } : { ...before, worse };
  }

  get #isStoppedEarly(): boolean {
    const { earlyStoppingPatience = Infinity } = this.training.plan.hyperparameters;
    return (this.#best?.worse ?? 0) >= earlyStoppingPatience;
  }

  async #checkpoint(validationLoss: number | undefined): Promise<EventOf<'checkpoint'>> {
    const { steps, tensors } = this.trainer.state;
    const path = await this.#saved(`checkpoint-${steps}`, tensors);
    return { type: 'checkpoint', step: steps, path, ...(validationLoss !== undefined && { validationLoss }) };
  }

  /** The more a state weighs, the rarer it is, but where every step is asked for. */
  get #stateIsDue(): boolean {
    const { stateEveryMs = Infinity } = this.training.plan;
    const pause = stateEveryMs === 0 ? 0 : Math.max(stateEveryMs, this.#saveMs / STATE_SHARE);
    return performance.now() - this.#savedAt >= pause;
  }

  get #runDigest(): string {
    return (this.#digest ??= runDigest(this.training));
  }

  /** A state that could not be written costs what was trained since the one before, not the run; the first is told. */
  async *#kept(): AsyncGenerator<EventOf<'state'> | EventOf<'warning'>> {
    try {
      const state = await this.#state();
      this.#toldUnkept = false;
      yield state;
    } catch (error) {
      this.#savedAt = performance.now();
      if (this.#toldUnkept) return;
      this.#toldUnkept = true;
      const reason = error instanceof Error ? error.message : String(error);
      yield {
        type: 'warning',
        message: `No state was kept at step ${this.trainer.state.steps}: ${reason}`,
      };
    }
  }

  async #state(): Promise<EventOf<'state'>> {
    const started = performance.now();
    const trainer = this.trainer.state;
    const path = join(this.training.plan.workFolder, `state-${trainer.steps}.safetensors`);
    await writeState(path, this.#runDigest, {
      ...{ trainer, trainedTokens: this.#trainedTokens, settled: this.#settled, best: this.#best },
    });
    this.#savedAt = performance.now();
    this.#saveMs = this.#savedAt - started;
    return { type: 'state', step: trainer.steps, path };
  }

  async #finished(): Promise<EventOf<'finished'>> {
    const best = this.#best;
    if (!best) throw new AppError({ kind: 'bug', code: 'no_steps', message: 'the run had no step' });
    const { steps } = this.trainer.state;
    const path = await this.#saved('result', best.tensors);
    return {
      ...{ type: 'finished', steps, trainedTokens: this.#trainedTokens, bestStep: best.step },
      ...{ stoppedEarly: steps < this.total, path },
    };
  }

  async #saved(name: string, tensors: ReadonlyMap<string, HostTensor>): Promise<string> {
    const { plan, model } = this.training;
    const path = join(plan.workFolder, `${name}.safetensors`);
    await writeFile(path, await encodeArtefact(model, plan.trainable, tensors));
    return path;
  }
}

function trainerOptions({ plan, start }: TrainingRun, totalSteps: number) {
  const { hyperparameters, seed, dropoutSeed, intraOpThreads, device } = plan;
  const { warmupSteps, warmupRatio } = hyperparameters;
  return {
    ...hyperparameters,
    ...{ totalSteps, warmupSteps: warmupSteps ?? Math.ceil(warmupRatio * totalSteps) },
    ...{ seed, dropoutSeed, intraOpThreads },
    ...(device && { device }),
    ...(start && { start }),
  };
}
