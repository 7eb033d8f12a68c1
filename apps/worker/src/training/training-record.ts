import {
  newAdapterName,
  newTunedModelName,
  type FineTuningJob,
  type NewAdapter,
  type NewAdapterVersion,
  type NewJobMetric,
  type NewTunedModel,
  type ReadyBaseModel,
} from '@prad/domain';
import type { Repositories } from '@prad/database';
import { assertNever } from '@prad/errors';
import type { Manifest } from '@prad/models';
import type { BlobStore } from '@prad/storage';
import type { TrainingEvent } from '@prad/training';
import { storeModel } from '../import/store-model.js';
import { settingsOf } from './training-plan.js';
import type { FineTuningRow } from './fine-tuning-row.js';

type Rows = Pick<Repositories, 'fineTuningJobs' | 'jobEvents' | 'jobMetrics' | 'checkpoints'>;
type EventOf<Type extends TrainingEvent['type']> = Extract<TrainingEvent, { type: Type }>;

/** Pause between two writes of steps: every step becomes a metrics row, the latest of them an event. */
const WRITE_INTERVAL_MS = 500;

/** Most steps that become rows of their own, but for a few. */
const MOST_METRICS = 10_000;
/**
 * Writes what a training tells into the job's rows, all of it under the lease: metrics by step (a repeated step
 * replaces the earlier attempt's), events with the attempt's number, checkpoints and the result as blob first, then row.
 */
export class TrainingRecord {
  #parameterCount = 0;
  #steps: EventOf<'step'>[] = [];
  #writtenAt = 0;
  #trainLoss: number | null = null;
  #toldLoading = 0;

  constructor(
    private readonly rows: Rows,
    private readonly blobs: BlobStore,
    private readonly job: FineTuningJob,
    private readonly base: ReadyBaseModel,
    private readonly row: FineTuningRow,
    private readonly owner: string,
  ) {}

  /** What the submitter should know of, although the job goes on. */
  async warn(message: string): Promise<void> {
    const data = { attempt: this.job.attempts };
    const event = { level: 'warn', message, type: 'message', data } as const;
    await this.rows.jobEvents.append(this.job.id, event, this.owner);
  }

  /** That it trains in one pass with others. */
  async tellCompany(jobs: number): Promise<void> {
    await this.#tell(`Training in one pass with ${jobs - 1} other ${jobs === 2 ? 'job' : 'jobs'}`, { jobs });
  }

  async write(event: TrainingEvent): Promise<void> {
    switch (event.type) {
      case 'loading':
        return this.#loading(event);
      case 'started':
        return this.#started(event);
      case 'step':
        return this.#step(event);
      case 'evaluation':
        return this.#evaluation(event);
      case 'checkpoint':
        return this.#checkpoint(event);
      case 'state':
        return this.#state(event);
      case 'warning':
        return this.warn(event.message);
      case 'finished':
        return this.#finished(event);
      default:
        return assertNever(event);
    }
  }

  /** Told ever more rarely: a large file takes minutes. */
  async #loading({ examples }: EventOf<'loading'>): Promise<void> {
    if (examples < 2 * this.#toldLoading) return;
    this.#toldLoading = examples;
    await this.#tell(`Reading the examples: ${examples} so far`, { examples });
  }

  async #started(event: EventOf<'started'>): Promise<void> {
    const { totalSteps, trainableParameters, trainingExamples, validationExamples, resumedStep } = event;
    this.row.progress = { step: resumedStep, total: totalSteps };
    this.#parameterCount = trainableParameters;
    const again = this.job.attempts > 1 ? ` again (attempt ${this.job.attempts})` : '';
    const how = resumedStep > 0 ? `continues after step ${resumedStep}` : `started${again}`;
    await this.#tell(
      `Training ${how}: ${totalSteps} steps over ${trainingExamples} examples, ${trainableParameters} trainable parameters`,
      {
        total_steps: totalSteps,
        trainable_parameters: trainableParameters,
        trainingExamples,
        validationExamples,
        resumed_step: resumedStep,
      },
    );
  }

  async #step(event: EventOf<'step'>): Promise<void> {
    this.#steps.push(event);
    this.#trainLoss = event.loss;
    if (this.row.progress) this.row.progress = { ...this.row.progress, step: event.step };
    if (performance.now() - this.#writtenAt >= WRITE_INTERVAL_MS) await this.#writeSteps();
  }

  async #writeSteps(): Promise<void> {
    const latest = await this.#writeMetrics();
    if (!latest) return;
    this.#writtenAt = performance.now();
    const total = this.row.progress?.total ?? latest.step;
    await this.#tell(
      `Step ${latest.step}/${total}: training loss=${latest.loss.toFixed(2)}`,
      {
        step: latest.step,
        total_steps: total,
        epoch: latest.epoch,
        train_loss: latest.loss,
        learning_rate: latest.learningRate,
        gradient_norm: latest.gradientNorm,
        tokens_per_second: latest.tokensPerSecond,
        padding_waste: latest.paddingWaste,
        ...(latest.mfu !== undefined && { mfu: latest.mfu }),
      },
      'metrics',
    );
  }

  /** The latest of the steps that were not written yet. */
  async #writeMetrics(): Promise<EventOf<'step'> | undefined> {
    const latest = this.#steps.at(-1);
    if (!latest) return undefined;
    const metrics = this.#steps.filter((step) => this.#isKept(step, latest)).map(metricOf);
    this.#steps = [];
    await this.rows.jobMetrics.append(this.job.id, this.owner, metrics);
    return latest;
  }

  /** Of a long training every n-th step becomes a row, and the latest of each write. */
  #isKept({ step }: EventOf<'step'>, latest: EventOf<'step'>): boolean {
    const every = Math.ceil((this.row.progress?.total ?? 0) / MOST_METRICS);
    return every <= 1 || step % every === 0 || step === latest.step;
  }

  async #evaluation({ step, loss }: EventOf<'evaluation'>): Promise<void> {
    await this.#writeSteps();
    await this.rows.jobMetrics.append(this.job.id, this.owner, [{ step, validLoss: loss }]);
    const total = this.row.progress?.total ?? step;
    await this.#tell(
      `Step ${step}/${total}: validation loss=${loss.toFixed(4)}`,
      { step, total_steps: total, valid_loss: loss },
      'metrics',
    );
  }

  async #checkpoint({ step, path, validationLoss }: EventOf<'checkpoint'>): Promise<void> {
    await this.#writeSteps();
    const { id, attempts } = this.job;
    const blob = await this.#store(`checkpoints/${id}/${attempts}/step-${step}.safetensors`, path);
    const losses = { trainLoss: this.#trainLoss, validLoss: validationLoss ?? null };
    await this.rows.checkpoints.add(this.owner, { jobId: id, step, ...losses, ...blob });
    await this.#tell(`Checkpoint created at step ${step}`, { step, digest: blob.digest });
    await this.#prune();
  }

  /** Rows first: a blob without a row is only waste. */
  async #prune(): Promise<void> {
    const { saveTotalLimit } = settingsOf(this.job);
    if (saveTotalLimit === undefined) return;
    for (const key of await this.rows.checkpoints.prune(this.job.id, this.owner, saveTotalLimit))
      await this.blobs.delete(key);
  }

  /** What the job goes on from when this worker is gone. Only the newest is kept; the steps before it are never done again. */
  async #state({ step, path }: EventOf<'state'>): Promise<void> {
    await this.#writeMetrics();
    const { id, attempts } = this.job;
    const blob = await this.#store(`${statesOf(id)}/${attempts}/step-${step}.safetensors`, path);
    const before = await this.rows.fineTuningJobs.keepState(id, this.owner, { step, ...blob });
    if (before !== undefined) await this.blobs.delete(before);
  }

  async #finished(event: EventOf<'finished'>): Promise<void> {
    await this.#writeSteps();
    const { trainedTokens, steps, bestStep, stoppedEarly, manifest } = event;
    if (stoppedEarly) {
      this.row.progress = { step: steps, total: steps };
      await this.#tell(`Training stopped early after step ${steps}: the validation loss no longer falls`, {
        step: steps,
      });
    }
    const made = manifest ? await this.#model(event.path, manifest) : await this.#adapter(event.path);
    const { id, digest } = 'model' in made ? made.model : { ...made.version, id: made.adapter.id };
    await this.#tell(`New fine-tuned model created: ${id}`, { step: bestStep, digest });
    // The row's progress is that of the last heartbeat; the job ends with all of it.
    await this.row.heartbeat(this.owner);
    await this.rows.fineTuningJobs.succeed(this.job.id, this.owner, { ...made, trainedTokens });
  }

  /** Its key is the folder's digest, so a job that is taken up again writes the same folder anew. */
  async #model(path: string, manifest: Manifest): Promise<{ readonly model: NewTunedModel }> {
    const id = newTunedModelName(this.job.model, this.job.suffix);
    return { model: { id, ...(await storeModel(this.blobs, path, manifest)) } };
  }

  async #adapter(
    path: string,
  ): Promise<{ readonly adapter: NewAdapter; readonly version: NewAdapterVersion }> {
    const { id, model, suffix, method, task, attempts } = this.job;
    const version = await this.#store(`adapters/${id}/${attempts}/adapter.safetensors`, path);
    const adapter = {
      id: this.job.evaluation?.promote?.adapter ?? newAdapterName(model, suffix),
      baseModel: model,
      baseDigest: this.base.digest,
      ...{ method: method.adapter, options: method.options, scope: method.scope },
      ...{ parameterCount: this.#parameterCount, task },
    };
    return { adapter, version };
  }

  /** Keys hold the attempt, so that a worker that does not know yet that it lost the job overwrites nothing. */
  async #store(key: string, path: string): Promise<NewAdapterVersion> {
    const { bytes, sha256 } = await this.blobs.putFile(key, path, 'move');
    return { blobKey: key, digest: sha256, bytes };
  }

  async #tell(
    message: string,
    data: Readonly<Record<string, number | string>>,
    type: 'message' | 'metrics' = 'message',
  ): Promise<void> {
    const event = { level: 'info', message, type, data: { ...data, attempt: this.job.attempts } } as const;
    await this.rows.jobEvents.append(this.job.id, event, this.owner);
  }
}

/** Where the states of a job lie until it ends. */
export function statesOf(jobId: string): string {
  return `training-states/${jobId}`;
}

function metricOf(event: EventOf<'step'>): NewJobMetric {
  const { step, loss, learningRate, gradientNorm, tokens, tokensPerSecond, paddingWaste, mfu } = event;
  const stepSeconds = tokensPerSecond > 0 ? tokens / tokensPerSecond : null;
  const measured = { gradientNorm, tokensPerSecond, stepSeconds, paddingWaste, mfu: mfu ?? null };
  return { step, trainLoss: loss, learningRate, ...measured };
}
