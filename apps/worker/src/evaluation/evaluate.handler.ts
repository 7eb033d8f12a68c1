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
import { askModels } from './ask-models.js';
import { EvaluationRow } from './evaluation-row.js';
import { readSamples, shardsOf } from './samples.js';
import { scoreModels } from './score-models.js';

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

  async #evaluate(evaluation: Evaluation, { owner, signal }: Lease, row: EvaluationRow): Promise<void> {
    const { id, fileId, models, metrics } = evaluation;
    const { evaluations, dataFiles, inferenceJobs: jobs } = this.rows;
    const settings = evaluationSettings.parse(evaluation.settings);
    const { sampling, resamples } = settings;
    const { blobKey } = await dataFiles.get(fileId);
    const read = await readSamples(await this.blobs.localPath(blobKey), settings);
    const { samples } = read;
    const total = samples.length * models.length;
    let told = -1;
    const onProgress = async (done: number, open: readonly string[]) => {
      row.requests = open;
      if (done !== told) await evaluations.report(id, owner, { done, total });
      told = done;
    };
    const asking = { jobs, producer: this.producer, sampling, signal, onProgress };
    const answers = await askModels(evaluation, shardsOf(samples, candidatesOf(settings)), asking).catch(
      async (error: unknown) => {
        // Stopped work goes on elsewhere and wants its requests; failed work does not.
        if (!signal.aborted) await row.dropRequests();
        throw error;
      },
    );
    const answered = models.map(({ name }, index) => ({ model: name, answers: answers[index] ?? [] }));
    const scoring = { metrics, resamples, seed: sampling.seed };
    const { result, predictions } = scoreModels(read, answered, scoring);
    const predictionsKey = `evaluations/${id}/predictions.jsonl`;
    await this.blobs.put(predictionsKey, linesOf(predictions));
    const outcome = { result: result satisfies JsonObject, predictionsKey, code: codeVersion() };
    await evaluations.succeed(id, owner, outcome, await this.#verdict(evaluation, result));
  }
}

/** The answers to choose from by their likelihood; null: models write. */
function candidatesOf({ task, labelScoring }: EvaluationSettings): readonly string[] | null {
  return labelScoring === 'likelihood' && task ? (labelsOf(task) ?? null) : null;
}

function linesOf(predictions: readonly EvaluationPrediction[]): Uint8Array {
  return Buffer.from(predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join(''));
}
