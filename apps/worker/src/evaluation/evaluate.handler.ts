import type { Repositories } from '@prad/database';
import { codeVersion } from '@prad/config';
import { judge, newId, type Evaluation, type JsonObject, type Verdict } from '@prad/domain';
import type { AppError } from '@prad/errors';
import {
  evaluationSettings,
  type EvaluationPrediction,
  type EvaluationResult,
  type EvaluationSettings,
  type JobContext,
  type JobHandler,
  type JobPayload,
  type JobProducer,
} from '@prad/queue';
import type { BlobStore } from '@prad/storage';
import { labelsOf } from '@prad/tasks';
import { failureOf } from '../failure-of.js';
import type { LeaseTiming } from '../lease/held-lease.js';
import { underLease, type Lease } from '../lease/under-lease.js';
import { askModels, type ModelProgress } from './ask-models.js';
import { EvaluationRecord } from './evaluation-record.js';
import { EvaluationRow } from './evaluation-row.js';
import { readSamples, shardsOf, type EvaluationSample } from './samples.js';
import { measureModel, scoreModels, type MeasuredModel } from './score-models.js';

/** Scores models on a file: claim, ask the generating workers, score, blob first, then row. */
export class EvaluateHandler implements JobHandler<'evaluate'> {
  readonly job = 'evaluate';

  constructor(
    private readonly rows: Repositories,
    private readonly blobs: BlobStore,
    private readonly producer: JobProducer,
    private readonly timing: LeaseTiming,
  ) {}

  async handle({ evaluationId: id }: JobPayload<'evaluate'>, context: JobContext<'evaluate'>): Promise<void> {
    const { evaluations, inferenceJobs } = this.rows;
    const row = new EvaluationRow(evaluations, inferenceJobs, id, this.timing.leaseMs);
    await underLease(row, this.timing, context.signal, (evaluation, lease) =>
      this.#evaluate(evaluation, lease, row),
    );
  }

  async giveUp({ evaluationId: id }: JobPayload<'evaluate'>, error: AppError): Promise<void> {
    const owner = newId('lease');
    if (!(await this.rows.evaluations.claim(id, owner, this.timing.leaseMs))) return;
    await this.rows.evaluations.fail(id, owner, failureOf(error));
  }

  /** On what a job made, where the job has a gate for it. */
  async #verdict({ jobId }: Evaluation, { models }: EvaluationResult): Promise<Verdict | null> {
    const gate = jobId === null ? null : (await this.rows.fineTuningJobs.get(jobId)).evaluation?.promote;
    if (!gate) return null;
    const made = models[1];
    const score = made?.scores.find(({ metric }) => metric === gate.metric);
    const compared = made?.comparisons?.find(({ metric }) => metric === gate.metric);
    if (!score || !compared) return { promoted: false, reason: `${gate.metric} was not compared` };
    return judge(gate, { ...score, difference: compared.difference, pValue: compared.pValue });
  }

  async #evaluate(evaluation: Evaluation, lease: Lease, row: EvaluationRow): Promise<void> {
    const { id, fileId } = evaluation;
    const { evaluations, dataFiles } = this.rows;
    const settings = evaluationSettings.parse(evaluation.settings);
    const { blobKey } = await dataFiles.get(fileId);
    const read = await readSamples(await this.blobs.localPath(blobKey), settings);
    const measured = await this.#measured(evaluation, read.samples, settings, lease, row);
    const scoring = { resamples: settings.resamples, seed: settings.sampling.seed };
    const { result, predictions } = scoreModels(read, measured, scoring);
    const predictionsKey = `evaluations/${id}/predictions.jsonl`;
    await this.blobs.put(predictionsKey, linesOf(predictions));
    const outcome = { result: result satisfies JsonObject, predictionsKey, code: codeVersion() };
    await evaluations.succeed(id, lease.owner, outcome, await this.#verdict(evaluation, result));
  }

  /** Asks all models, and measures each as soon as it has answered everything. */
  async #measured(
    evaluation: Evaluation,
    samples: readonly EvaluationSample[],
    settings: EvaluationSettings,
    { owner, signal }: Lease,
    row: EvaluationRow,
  ): Promise<readonly MeasuredModel[]> {
    const shards = shardsOf(samples, candidatesOf(settings));
    const size = { samples: samples.length, shards: shards.length };
    const record = new EvaluationRecord(this.rows, evaluation, owner, size);
    const measured: MeasuredModel[] = [];
    const onProgress = async (progress: readonly ModelProgress[], open: readonly string[]) => {
      row.requests = open;
      for (const [place, { model, answers, shardsDone }] of progress.entries()) {
        if (measured[place] || shardsDone < shards.length) continue;
        const answered = { model: model.name, answers: answers.flatMap((some) => some ?? []) };
        measured[place] = measureModel(samples, answered, evaluation.metrics);
      }
      await record.write(progress, measured);
    };
    const { inferenceJobs: jobs } = this.rows;
    const asking = { jobs, producer: this.producer, sampling: settings.sampling, signal, onProgress };
    try {
      await askModels(evaluation, shards, asking);
    } catch (error) {
      // Stopped work goes on elsewhere and wants its requests; failed work does not.
      if (!signal.aborted) await row.dropRequests();
      throw error;
    }
    return measured;
  }
}

/** The answers to choose from by their likelihood; null: models write. */
function candidatesOf({ task, labelScoring }: EvaluationSettings): readonly string[] | null {
  return labelScoring === 'likelihood' && task ? (labelsOf(task) ?? null) : null;
}

function linesOf(predictions: readonly EvaluationPrediction[]): Uint8Array {
  return Buffer.from(predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join(''));
}
