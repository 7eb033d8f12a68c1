import { leaseLost, type JobMetric, type NewJobMetric } from '@prad/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { JobMetricEntity } from './job-metric.entity.js';

/** Sequences are counted in the job's row, as those of events are. */
@Injectable()
export class JobMetricRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Writes the metrics of steps (each step once in a call) under the holder's lease.
   * A step that is written again keeps values that are not given anew and takes a new sequence.
   * Throws conflict `lease_lost`.
   */
  async append(jobId: string, owner: string, metrics: readonly NewJobMetric[]): Promise<void> {
    if (metrics.length === 0) return;
    const rows = metrics.map((metric) => ({
      step: metric.step,
      train_loss: metric.trainLoss ?? null,
      valid_loss: metric.validLoss ?? null,
      learning_rate: metric.learningRate ?? null,
      gradient_norm: metric.gradientNorm ?? null,
      tokens_per_second: metric.tokensPerSecond ?? null,
      step_seconds: metric.stepSeconds ?? null,
      padding_waste: metric.paddingWaste ?? null,
      mfu: metric.mfu ?? null,
    }));
    const written = await this.dataSource.query<unknown[]>(APPEND, [
      jobId,
      owner,
      rows.length,
      JSON.stringify(rows, numberAsText),
    ]);
    if (written.length === 0) throw leaseLost(jobId, owner);
  }

  /** Metrics written after a sequence (0 for all), in the order of writing, at most `limit`. */
  async listAfter(jobId: string, sequence: number, limit: number): Promise<readonly JobMetric[]> {
    const rows = await this.dataSource.manager.find(JobMetricEntity, {
      where: { jobId, sequence: MoreThan(sequence) },
      order: { sequence: 'ASC' },
      take: limit,
    });
    return rows.map(toDomain);
  }

  /**
   * The points of the curve by step that were written after a sequence (0 for all). More than `maxPoints` are thinned
   * evenly, but for those with a validation loss and the one written last.
   */
  async curve(jobId: string, afterSequence: number, maxPoints: number): Promise<readonly JobMetric[]> {
    const rows = await this.dataSource.query<CurveRow[]>(CURVE, [jobId, afterSequence, maxPoints]);
    return rows.map((row) => ({
      ...{ jobId, sequence: row.sequence, step: row.step, createdAt: row.created_at },
      ...{ trainLoss: row.train_loss, validLoss: row.valid_loss, learningRate: row.learning_rate },
      ...{ gradientNorm: row.gradient_norm, tokensPerSecond: row.tokens_per_second },
      ...{ stepSeconds: row.step_seconds, paddingWaste: row.padding_waste, mfu: row.mfu },
    }));
  }

  /**
   * How fast the latest trainings were, of all projects: on the model or, where none is given, on any. All weights and
   * adapters are counted apart. Undefined where no step of such a training was measured.
   */
  async trainingRate(kind: 'adapter' | 'full', model?: string): Promise<TrainingRate | undefined> {
    const [row] = await this.dataSource.query<TrainingRateRow[]>(TRAINING_RATE, [
      kind === 'full',
      model ?? null,
      RATE_JOBS,
      RATE_STEPS,
    ]);
    if (row === undefined || row.tokens_per_second === null || row.weights_per_second === null)
      return undefined;
    return {
      jobs: row.jobs,
      tokensPerSecond: row.tokens_per_second,
      weightsPerSecond: row.weights_per_second,
    };
  }

  /** The whole curve by step. */
  async series(jobId: string): Promise<readonly JobMetric[]> {
    const rows = await this.dataSource.manager.find(JobMetricEntity, {
      where: { jobId },
      order: { step: 'ASC' },
    });
    return rows.map(toDomain);
  }
}

/** The speed of trainings, weighted by their time. */
export interface TrainingRate {
  /** Trainings that it comes from. */
  readonly jobs: number;
  readonly tokensPerSecond: number;
  /** Tokens times the weights of the base that each passes through: about the same for bases of any size. */
  readonly weightsPerSecond: number;
}

interface TrainingRateRow {
  readonly jobs: number;
  readonly tokens_per_second: number | null;
  readonly weights_per_second: number | null;
}

/** So many of the latest trainings count, each with so many of its last steps. */
const RATE_JOBS = 10;
const RATE_STEPS = 200;

const TRAINING_RATE = `
  WITH recent AS (
    SELECT j.id, m.parameter_count FROM fine_tuning_job j JOIN base_model m ON m.id = j.base_model_id
    WHERE j.started_at IS NOT NULL AND j.metric_sequence > 0 AND (j.adapter_method = 'full') = $1
      AND ($2::text IS NULL OR j.base_model_id = $2)
    ORDER BY j.created_at DESC LIMIT $3)
  SELECT count(DISTINCT r.id)::integer AS jobs,
    sum(s.tokens_per_second * s.step_seconds) / sum(s.step_seconds) AS tokens_per_second,
    sum(s.tokens_per_second * s.step_seconds * r.parameter_count) / sum(s.step_seconds) AS weights_per_second
  FROM recent r CROSS JOIN LATERAL (
    SELECT tokens_per_second, step_seconds FROM job_metric
    WHERE job_id = r.id AND step_seconds > 0 AND tokens_per_second > 0 ORDER BY step DESC LIMIT $4) s`;

const APPEND = `
  WITH counter AS (
    UPDATE fine_tuning_job SET metric_sequence = metric_sequence + $3
    WHERE id = $1 AND lease_owner = $2 AND status = 'running' RETURNING metric_sequence),
  given AS (
    SELECT *, row_number() OVER () AS place FROM jsonb_to_recordset($4::jsonb) AS r(
      step integer, train_loss double precision, valid_loss double precision, learning_rate double precision,
      gradient_norm double precision, tokens_per_second double precision, step_seconds double precision,
      padding_waste double precision, mfu double precision))
  INSERT INTO job_metric AS m (job_id, sequence, step, train_loss, valid_loss, learning_rate, gradient_norm,
    tokens_per_second, step_seconds, padding_waste, mfu)
  SELECT $1, metric_sequence - $3 + place, step, train_loss, valid_loss, learning_rate, gradient_norm,
    tokens_per_second, step_seconds, padding_waste, mfu FROM given, counter
  ON CONFLICT (job_id, step) DO UPDATE SET sequence = excluded.sequence,
    train_loss = coalesce(excluded.train_loss, m.train_loss),
    valid_loss = coalesce(excluded.valid_loss, m.valid_loss),
    learning_rate = coalesce(excluded.learning_rate, m.learning_rate),
    gradient_norm = coalesce(excluded.gradient_norm, m.gradient_norm),
    tokens_per_second = coalesce(excluded.tokens_per_second, m.tokens_per_second),
    step_seconds = coalesce(excluded.step_seconds, m.step_seconds),
    padding_waste = coalesce(excluded.padding_waste, m.padding_waste),
    mfu = coalesce(excluded.mfu, m.mfu)
  RETURNING sequence`;

/** `room` is what the points that always stay leave to the others; the place-th of n stays where its share of it grows. */
const CURVE = `
  WITH point AS (
    SELECT *, row_number() OVER (ORDER BY step) AS place, count(*) OVER () AS n,
      max(sequence) OVER () AS last,
      greatest($3 - 1 - count(valid_loss) OVER (), 1) AS room
    FROM job_metric WHERE job_id = $1 AND sequence > $2)
  SELECT * FROM point
  WHERE n <= $3 OR valid_loss IS NOT NULL OR sequence = last OR place * room / n > (place - 1) * room / n
  ORDER BY step`;

interface CurveRow {
  readonly sequence: number;
  readonly step: number;
  readonly train_loss: number | null;
  readonly valid_loss: number | null;
  readonly learning_rate: number | null;
  readonly gradient_norm: number | null;
  readonly tokens_per_second: number | null;
  readonly step_seconds: number | null;
  readonly padding_waste: number | null;
  readonly mfu: number | null;
  readonly created_at: Date;
}

/** A diverged loss is NaN or Infinity, which JSON has no number for but Postgres reads from text. */
function numberAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function toDomain(row: JobMetricEntity): JobMetric {
  const { jobId, sequence, step, trainLoss, validLoss, learningRate, gradientNorm } = row;
  const { tokensPerSecond, stepSeconds, paddingWaste, mfu, createdAt } = row;
  return {
    ...{ jobId, sequence, step, trainLoss, validLoss, learningRate, gradientNorm },
    ...{ tokensPerSecond, stepSeconds, paddingWaste, mfu, createdAt },
  };
}
