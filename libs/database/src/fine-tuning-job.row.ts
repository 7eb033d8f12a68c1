import type { FineTuningJob, FineTuningResult, JobEvaluation } from '@prad/domain';
import { assertNever } from '@prad/errors';
import { present } from './corrupt-row.js';
import type { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import { leaseColumns, leaseOf } from './lease-columns.js';
import { jsonOf } from './json-column.js';

function factsOf(row: FineTuningJobEntity) {
  const { id, suffix, seed, metadata, cancelRequested, attempts, trainedTokens, createdAt, startedAt } = row;
  const { adapterMethod: adapter, scope, options, hyperparameters, progressStep, progressTotal } = row;
  const progress =
    progressStep === null || progressTotal === null ? null : { step: progressStep, total: progressTotal };
  return {
    ...{ id, suffix, seed, metadata, warnings: row.warnings, cancelRequested, attempts, trainedTokens },
    ...{ createdAt, startedAt, trainingState: row.trainingState, pauseRequested: row.pauseRequested },
    priority: row.priority,
    stalledSince: row.stalledSince,
    project: row.projectId,
    model: row.baseModelId,
    task: row.taskId,
    trainingFile: row.trainingFileId,
    validationFile: row.validationFileId,
    method: { adapter, scope, options: jsonOf(options), hyperparameters: jsonOf(hyperparameters) },
    progress,
    ...{ evaluation: evaluationOf(row), evaluationId: row.evaluationId, promotion: row.promotion },
  };
}

function evaluationOf({ evaluation, evaluationFileId: fileId }: FineTuningJobEntity): JobEvaluation | null {
  if (evaluation === null || fileId === null) return null;
  return { ...evaluation, settings: jsonOf(evaluation.settings), fileId };
}

export function toDomain(row: FineTuningJobEntity): FineTuningJob {
  const facts = factsOf(row);
  const { status } = row;
  const of = `of fine-tuning job ${row.id}`;
  switch (status) {
    case 'validating_files':
    case 'queued':
    case 'paused':
      return { ...facts, status };
    case 'running':
      return { ...facts, status, lease: present(leaseOf(row), `lease ${of}`) };
    case 'succeeded':
      return {
        ...{ ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) },
        result: present(resultOf(row), `result ${of}`),
      };
    case 'failed':
      return {
        ...{ ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) },
        error: present(row.error, `error ${of}`),
      };
    case 'cancelled':
      return { ...facts, status, finishedAt: present(row.finishedAt, `end ${of}`) };
    default:
      return assertNever(status);
  }
}

/** The columns that a transition may change. */
export function toRow(job: FineTuningJob) {
  const { status, cancelRequested, pauseRequested, attempts, progress, trainingState } = job;
  const { trainedTokens, startedAt, stalledSince, evaluationId, promotion } = job;
  return {
    ...{ status, cancelRequested, pauseRequested, attempts, trainingState, trainedTokens, startedAt },
    ...{ stalledSince, evaluationId, promotion },
    progressStep: progress?.step ?? null,
    progressTotal: progress?.total ?? null,
    finishedAt: 'finishedAt' in job ? job.finishedAt : null,
    error: job.status === 'failed' ? job.error : null,
    resultAdapterId: resultId(job, 'adapter'),
    resultModelId: resultId(job, 'base_model'),
    ...leaseColumns(job.status === 'running' ? job.lease : null),
  };
}

function resultOf({ resultAdapterId, resultModelId }: FineTuningJobEntity): FineTuningResult | null {
  if (resultAdapterId !== null) return { kind: 'adapter', id: resultAdapterId };
  return resultModelId === null ? null : { kind: 'base_model', id: resultModelId };
}

function resultId(job: FineTuningJob, kind: FineTuningResult['kind']): string | null {
  return job.status === 'succeeded' && job.result.kind === kind ? job.result.id : null;
}
