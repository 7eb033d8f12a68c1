import { evaluationEvent, type EvaluationEventObject, type EvaluationObject } from '@prad/contracts';
import type { Evaluation, JobEvent } from '@prad/domain';
import {
  evaluationResult,
  evaluationSettings,
  evaluationStanding,
  type EvaluationResult,
  type EvaluationStanding,
} from '@prad/queue';
import { toSeconds } from '../http/page.view.js';
import { toChosenTask } from '../tasks/task.view.js';

export function toEvaluationObject(evaluation: Evaluation): EvaluationObject {
  const { id, createdAt, status, models, fileId, fileDigest, metrics, progress } = evaluation;
  const { sampling, limit, resamples, task, labelScoring } = evaluationSettings.parse(evaluation.settings);
  const { maxTokens, temperature, stop, seed, beams } = sampling;
  return {
    ...{ id, object: 'evaluation', created_at: toSeconds(createdAt), status },
    finished_at: 'finishedAt' in evaluation ? toSeconds(evaluation.finishedAt) : null,
    models: models.map(({ name, baseModel, baseDigest, adapter, adapterVersion, adapterDigest }) => ({
      ...{ model: name, base_model: baseModel, base_digest: baseDigest },
      ...{ adapter, adapter_version: adapterVersion, adapter_digest: adapterDigest },
    })),
    ...{ file: fileId, file_digest: fileDigest, metrics: [...metrics] },
    ...{ task: toChosenTask(task), label_scoring: labelScoring },
    ...{ max_tokens: maxTokens, temperature, stop, seed, limit, resamples, progress },
    num_beams: beams?.numBeams ?? 1,
    ...{ length_penalty: beams?.lengthPenalty ?? null, early_stopping: beams?.earlyStopping ?? null },
    job: evaluation.jobId,
    code: evaluation.status === 'succeeded' ? evaluation.code : null,
    error: evaluation.status === 'failed' ? evaluation.error : null,
    result: evaluation.status === 'succeeded' ? resultView(evaluationResult.parse(evaluation.result)) : null,
  };
}

export function toEvaluationEventObject(event: JobEvent): EvaluationEventObject {
  const { id, createdAt, level, message, type, data, sequence } = event;
  return evaluationEvent.parse({
    ...{ id, object: 'evaluation.event', created_at: toSeconds(createdAt), level, message, type },
    data: type === 'metrics' ? standingView(evaluationStanding.parse(data)) : data,
    prad: { sequence },
  });
}

function standingView({ shardsDone, rowsPerSecond, ...standing }: EvaluationStanding) {
  return { ...standing, shards_done: shardsDone, rows_per_second: rowsPerSecond };
}

type Examples = EvaluationResult['models'][number]['wins'];

function resultView({ models, problems, ...counts }: EvaluationResult): EvaluationObject['result'] {
  return {
    ...counts,
    problems: problems.map(({ field, ...problem }) => ({ ...problem, ...(field !== null && { field }) })),
    models: models.map(({ model, scores, comparisons, cutOff, empty, wins, losses }) => ({
      model,
      scores: scores.map(({ higherIsBetter, ...score }) => ({ ...score, higher_is_better: higherIsBetter })),
      comparisons: comparisons?.map(({ pValue, ...rest }) => ({ ...rest, p_value: pValue })) ?? null,
      ...{ cut_off: cutOff, empty, wins: examplesView(wins), losses: examplesView(losses) },
    })),
  };
}

function examplesView(examples: Examples) {
  return examples.map(({ baselineScore, ...example }) => ({ ...example, baseline_score: baselineScore }));
}
