import {
  DEFAULT_PROJECT,
  type Failure,
  type FineTuningStatus,
  type JobEvaluation,
  type Promotion,
  type TrainingState,
} from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AdapterEntity } from './adapter.entity.js';
import { BaseModelEntity } from './base-model.entity.js';
import { bigintNumber } from './bigint-number.js';
import { DataFileEntity } from './data-file.entity.js';
import { SweepEntity } from './sweep.entity.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('fine_tuning_job')
@Check(
  'fine_tuning_job_status_check',
  `status IN ('validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')`,
)
@Check(
  'fine_tuning_job_lease_check',
  `(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)`,
)
@Check(
  'fine_tuning_job_end_check',
  `(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)`,
)
@Check('fine_tuning_job_error_check', `(status = 'failed') = (error IS NOT NULL)`)
@Check(
  'fine_tuning_job_result_check',
  `num_nonnulls(result_adapter_id, result_model_id) = CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END`,
)
@Index(['projectId', 'createdAt', 'id'])
@Index(['projectId', 'status', 'createdAt', 'id'])
@Index(['projectId', 'baseModelId', 'createdAt', 'id'])
@Index(['projectId', 'taskId', 'createdAt', 'id'], { where: 'task_id IS NOT NULL' })
@Index('fine_tuning_job_sweep_idx', ['sweepId'], { where: 'sweep_id IS NOT NULL' })
@Index(['baseModelId'])
@Index(['updatedAt'])
@Index('fine_tuning_job_failed_idx', ['projectId', 'finishedAt'], { where: `status = 'failed'` })
@Index('fine_tuning_job_unfinished_idx', ['status'], {
  where: `status IN ('validating_files', 'queued', 'running')`,
})
export class FineTuningJobEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @Column({ type: 'text' })
  status!: FineTuningStatus;
  @ForeignKey(() => BaseModelEntity)
  @Column({ type: 'text' })
  baseModelId!: string;
  @Column({ type: 'text', nullable: true })
  taskId!: string | null;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text' })
  trainingFileId!: string;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text', nullable: true })
  validationFileId!: string | null;
  /** The sweep that it is a run of. */
  @ForeignKey(() => SweepEntity)
  @Column({ type: 'text', nullable: true })
  sweepId!: string | null;
  @Column({ type: 'text', nullable: true })
  suffix!: string | null;
  @Column({ type: 'bigint', transformer: bigintNumber })
  seed!: number;
  @Column({ type: 'text' })
  adapterMethod!: string;
  @Column({ type: 'text' })
  scope!: string;
  @Column({ type: 'jsonb' })
  options!: JsonColumn;
  @Column({ type: 'jsonb' })
  hyperparameters!: JsonColumn;
  @Column({ type: 'jsonb', default: () => `'{}'` })
  metadata!: Readonly<Record<string, string>>;
  @Column({ type: 'jsonb', default: () => `'[]'` })
  warnings!: readonly string[];
  @Column({ type: 'smallint', default: 0 })
  priority!: number;
  /** Its start tag in the order of the queue, see `takenTurn`. */
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  turn!: number;
  @Column({ type: 'boolean', default: false })
  cancelRequested!: boolean;
  @Column({ type: 'boolean', default: false })
  pauseRequested!: boolean;
  @Column({ type: 'integer', default: 0 })
  attempts!: number;
  @Column({ type: 'integer', nullable: true })
  progressStep!: number | null;
  @Column({ type: 'integer', nullable: true })
  progressTotal!: number | null;
  @Column({ type: 'jsonb', nullable: true })
  trainingState!: TrainingState | null;
  @Column({ type: 'timestamptz', nullable: true })
  stalledSince!: Date | null;
  @Column({ type: 'jsonb', nullable: true })
  evaluation!: (Omit<JobEvaluation, 'fileId' | 'settings'> & { readonly settings: JsonColumn }) | null;
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text', nullable: true })
  evaluationFileId!: string | null;
  /** The evaluation that measures the result; it names the job, too. */
  @Column({ type: 'text', nullable: true })
  evaluationId!: string | null;
  @Column({ type: 'jsonb', nullable: true })
  promotion!: Promotion | null;
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  trainedTokens!: number;
  @ForeignKey(() => AdapterEntity)
  @Column({ type: 'text', nullable: true })
  resultAdapterId!: string | null;
  /** The base model that training all weights made; no foreign key, for the job outlives the model. */
  @Column({ type: 'text', nullable: true })
  resultModelId!: string | null;
  @Column({ type: 'jsonb', nullable: true })
  error!: Failure | null;
  @Column({ type: 'text', nullable: true })
  leaseOwner!: string | null;
  @Column({ type: 'timestamptz', nullable: true })
  leaseExpiresAt!: Date | null;
  /** Last sequences given to the job's events and metrics. */
  @Column({ type: 'integer', default: 0 })
  eventSequence!: number;
  @Column({ type: 'integer', default: 0 })
  metricSequence!: number;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  /** When the status, the progress or the cancel flag last changed; followers of changes read by it. */
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  updatedAt!: Date;
  @Column({ type: 'timestamptz', nullable: true })
  startedAt!: Date | null;
  @Column({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
