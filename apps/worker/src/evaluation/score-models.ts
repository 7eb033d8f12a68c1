import { bootstrapInterval, measure, metricNamed, pairedBootstrap, type Measurement } from '@prad/metrics';
import type { EvaluationPrediction, EvaluationResult, GenerationResult } from '@prad/queue';
import type { EvaluationSample, EvaluationSamples } from './samples.js';

type Choice = GenerationResult['choices'][number];
type ModelResult = EvaluationResult['models'][number];

/** A model's answers, one for each sample. */
export interface ModelAnswers {
  readonly model: string;
  readonly answers: readonly Choice[];
}

export interface Scoring {
  readonly resamples: number;
  readonly seed: number;
}

/** A model's answers with what each metric says of them. */
export interface MeasuredModel extends ModelAnswers {
  readonly texts: readonly string[];
  readonly measurements: readonly Measurement[];
}

/** Examples of each kind that a comparison shows. */
const EXAMPLES = 5;

/** Scores every model and compares each with the first. */
export function scoreModels(
  { samples, skipped, problems }: EvaluationSamples,
  measured: readonly MeasuredModel[],
  scoring: Scoring,
): { readonly result: EvaluationResult; readonly predictions: readonly EvaluationPrediction[] } {
  const [baseline] = measured;
  const result = {
    ...{ samples: samples.length, skipped, problems: [...problems] },
    references: samples.reduce((count, { references }) => count + references.length, 0),
    models: measured.map((model) =>
      modelResult(samples, model, baseline === model ? undefined : baseline, scoring),
    ),
  };
  return { result, predictions: samples.map((sample, index) => predictionLine(sample, index, measured)) };
}

export function measureModel(
  samples: readonly EvaluationSample[],
  model: ModelAnswers,
  metrics: readonly string[],
): MeasuredModel {
  const texts = samples.map((_, index) => (model.answers[index]?.text ?? '').trim());
  const rows = samples.map(({ references }, index) => ({ prediction: texts[index] ?? '', references }));
  return { ...model, texts, measurements: metrics.map((name) => measure(metricNamed(name), rows)) };
}

function modelResult(
  samples: readonly EvaluationSample[],
  scored: MeasuredModel,
  baseline: MeasuredModel | undefined,
  { resamples, seed }: Scoring,
): ModelResult {
  const options = { resamples, seed };
  const scores = scored.measurements.map(({ metric, higherIsBetter, score, signature, statistics }) => {
    const { low, high } = bootstrapInterval(metricNamed(metric), statistics, options);
    return { metric, higherIsBetter, score, low, high, signature };
  });
  const comparisons = baseline?.measurements.map(({ metric, statistics }, index) => {
    const own = scored.measurements[index]?.statistics ?? [];
    const { difference, interval, pValue } = pairedBootstrap(metricNamed(metric), statistics, own, options);
    const gains = gainsOf(scored, baseline, index).map(({ gain }) => gain);
    const count = (is: (gain: number) => boolean) => gains.filter(is).length;
    return {
      ...{ metric, difference, low: interval.low, high: interval.high, pValue },
      ...{
        wins: count((gain) => gain > 0),
        losses: count((gain) => gain < 0),
        ties: count((gain) => gain === 0),
      },
    };
  });
  return {
    ...{ model: scored.model, scores, comparisons: comparisons ?? null },
    cutOff: scored.answers.filter(({ finishReason }) => finishReason === 'length').length,
    empty: scored.texts.filter((text) => text === '').length,
    ...(baseline ? examplesOf(samples, scored, baseline) : { wins: [], losses: [] }),
  };
}

interface Gain {
  readonly index: number;
  readonly baselineScore: number;
  readonly score: number;
  /** Above 0 where the model does better than the baseline. */
  readonly gain: number;
}

/** What one metric says of each sample alone. */
function gainsOf(scored: MeasuredModel, baseline: MeasuredModel, at: number): readonly Gain[] {
  const [own, other] = [scored.measurements[at], baseline.measurements[at]];
  if (!own || !other) return [];
  const metric = metricNamed(own.metric);
  return own.statistics.map((row, index) => {
    const [score, baselineScore] = [metric.score(row), metric.score(other.statistics[index] ?? [])];
    return { index, score, baselineScore, gain: (score - baselineScore) * (own.higherIsBetter ? 1 : -1) };
  });
}

function examplesOf(samples: readonly EvaluationSample[], scored: MeasuredModel, baseline: MeasuredModel) {
  const byGain = [...gainsOf(scored, baseline, 0)].sort((a, b) => b.gain - a.gain);
  const shown = (gains: readonly Gain[]) =>
    gains.slice(0, EXAMPLES).map(({ index, score, baselineScore }) => ({
      line: samples[index]?.line ?? 0,
      references: [...(samples[index]?.references ?? [])],
      baseline: baseline.texts[index] ?? '',
      prediction: scored.texts[index] ?? '',
      ...{ baselineScore, score },
    }));
  return {
    wins: shown(byGain.filter(({ gain }) => gain > 0)),
    losses: shown(byGain.filter(({ gain }) => gain < 0).reverse()),
  };
}

function predictionLine(
  { line, references }: EvaluationSample,
  index: number,
  models: readonly MeasuredModel[],
): EvaluationPrediction {
  return {
    ...{ line, references: [...references] },
    predictions: models.map(({ model, texts, answers, measurements }) => ({
      ...{ model, text: texts[index] ?? '', finishReason: answers[index]?.finishReason ?? 'stop' },
      labelLogProbabilities: answers[index]?.logProbabilities ?? null,
      statistics: Object.fromEntries(
        measurements.map(({ metric, statistics }) => [metric, [...(statistics[index] ?? [])]]),
      ),
    })),
  };
}
