import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What the rows say of a project's work at one moment. */
export interface ProjectFigures {
  /** Of running trainings at their last measured step. */
  readonly trainingTokensPerSecond: number;
  /** Answered tokens of the last minute. */
  readonly generationTokensPerSecond: number;
  readonly failedLastHour: number;
  /** Shared by all projects. */
  readonly baseModels: number;
  readonly adapters: number;
  readonly files: number;
  readonly jobs: number;
}

/** A training whose lease has ended is nobody's work, although its row still says running. */
const FIGURES = `
  SELECT
    (SELECT coalesce(sum(last.tokens_per_second), 0) FROM fine_tuning_job AS job, LATERAL (
       SELECT tokens_per_second FROM job_metric WHERE job_id = job.id AND tokens_per_second IS NOT NULL
       ORDER BY sequence DESC LIMIT 1) AS last
     WHERE job.project_id = $1 AND job.status = 'running' AND job.lease_expires_at > clock_timestamp()) AS training,
    (SELECT coalesce(sum((usage->>'completionTokens')::bigint), 0) / 60.0 FROM inference_job
     WHERE project_id = $1 AND status = 'succeeded' AND finished_at > now() - interval '1 minute') AS generation,
    (SELECT count(*) FROM fine_tuning_job WHERE project_id = $1 AND status = 'failed'
       AND finished_at > now() - interval '1 hour')
    + (SELECT count(*) FROM inference_job WHERE project_id = $1 AND status = 'failed'
       AND finished_at > now() - interval '1 hour')
      AS failed,
    (SELECT count(*) FROM base_model) AS base_models,
    (SELECT count(*) FROM adapter WHERE project_id = $1 AND deleted_at IS NULL) AS adapters,
    (SELECT count(*) FROM data_file WHERE project_id = $1 AND deleted_at IS NULL) AS files,
    (SELECT count(*) FROM fine_tuning_job WHERE project_id = $1)
    + (SELECT count(*) FROM inference_job WHERE project_id = $1) AS jobs`;

type Column = 'training' | 'generation' | 'failed' | 'base_models' | 'adapters' | 'files' | 'jobs';

@Injectable()
export class ProjectFiguresRepository {
  constructor(private readonly dataSource: DataSource) {}

  async read(project: string): Promise<ProjectFigures> {
    const [row] = await this.dataSource.query<Readonly<Record<Column, string | number>>[]>(FIGURES, [
      project,
    ]);
    const figure = (column: Column): number => Number(row?.[column] ?? 0);
    return {
      trainingTokensPerSecond: figure('training'),
      generationTokensPerSecond: figure('generation'),
      failedLastHour: figure('failed'),
      baseModels: figure('base_models'),
      adapters: figure('adapters'),
      files: figure('files'),
      jobs: figure('jobs'),
    };
  }
}
