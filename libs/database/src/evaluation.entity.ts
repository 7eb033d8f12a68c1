import {
  DEFAULT_PROJECT,
  type CodeVersion,
  type EvaluatedModel,
  type EvaluationProgress,
  type EvaluationStatus,
  type Failure,
} from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { DataFileEntity } from './data-file.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('evaluation')
@Check('evaluation_status_check', `status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')`)
@Check(
  'evaluation_lease_check',
  `(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)`,
)
@Check('evaluation_end_check', `(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)`)
@Check('evaluation_error_check', `(status = 'failed') = (error IS NOT NULL)`)
@Check(
  'evaluation_result_check',
  `(status = 'succeeded') = (result IS NOT NULL AND predictions_key IS NOT NULL)`,
)
@Unique(['jobId'])
@Index(['projectId', 'createdAt', 'id'])
@Index('evaluation_unfinished_idx', ['status'], { where: `status IN ('queued', 'running')` })
export class EvaluationEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @Column({ type: 'text' })
  status!: EvaluationStatus;
  @Column({ type: 'jsonb' })
  models!: readonly EvaluatedModel[];
  @ForeignKey(() => DataFileEntity)
  @Column({ type: 'text' })
  fileId!: string;
  @Column({ type: 'text' })
  fileDigest!: string;
  @Column({ type: 'jsonb' })
  metrics!: readonly string[];
  @Column({ type: 'jsonb' })
  settings!: JsonColumn;
  @Column({ type: 'jsonb', nullable: true })
  progress!: EvaluationProgress | null;
  @Column({ type: 'jsonb', nullable: true })
  result!: JsonColumn | null;
  @Column({ type: 'text', nullable: true })
  predictionsKey!: string | null;
  @Column({ type: 'jsonb', nullable: true })
  code!: CodeVersion | null;
  /** The job whose result it measures. */
  @ForeignKey(() => FineTuningJobEntity)
  @Column({ type: 'text', nullable: true })
  jobId!: string | null;
  @Column({ type: 'jsonb', nullable: true })
  error!: Failure | null;
  @Column({ type: 'boolean', default: false })
  cancelRequested!: boolean;
  @Column({ type: 'integer', default: 0 })
  attempts!: number;
  /** Last sequence given to its events. */
  @Column({ type: 'integer', default: 0 })
  eventSequence!: number;
  @Column({ type: 'text', nullable: true })
  leaseOwner!: string | null;
  @Column({ type: 'timestamptz', nullable: true })
  leaseExpiresAt!: Date | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
  @Column({ type: 'timestamptz', nullable: true })
  startedAt!: Date | null;
  @Column({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
