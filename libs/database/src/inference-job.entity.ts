import {
  DEFAULT_PROJECT,
  type Failure,
  type InferenceEndpoint,
  type InferenceStatus,
  type InferenceTimings,
  type Usage,
} from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AdapterEntity } from './adapter.entity.js';
import { BaseModelEntity } from './base-model.entity.js';
import { bigintNumber } from './bigint-number.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('inference_job')
@Check('inference_job_status_check', `status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')`)
@Check('inference_job_endpoint_check', `endpoint IN ('completion', 'chat', 'embedding', 'score')`)
@Check(
  'inference_job_lease_check',
  `(status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)`,
)
@Check(
  'inference_job_end_check',
  `(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)`,
)
@Check('inference_job_error_check', `(status = 'failed') = (error IS NOT NULL)`)
@Check(
  'inference_job_result_check',
  `(status = 'succeeded') = (result IS NOT NULL AND usage IS NOT NULL AND timings IS NOT NULL)`,
)
@Index(['projectId', 'createdAt', 'id'])
@Index('inference_job_unfinished_idx', ['status', 'priority', 'turn'], {
  where: `status IN ('queued', 'running')`,
})
@Index('inference_job_turn_idx', ['projectId', 'priority', 'turn'], {
  where: `status IN ('queued', 'running')`,
})
@Index(['projectId', 'status', 'createdAt', 'id'])
@Index(['projectId', 'baseModelId', 'createdAt', 'id'])
@Index('inference_job_adapter_id_idx', ['adapterId'], { where: `adapter_id IS NOT NULL` })
@Index(['updatedAt'])
@Index('inference_job_failed_idx', ['projectId', 'finishedAt'], { where: `status = 'failed'` })
@Index('inference_job_succeeded_idx', ['projectId', 'finishedAt'], { where: `status = 'succeeded'` })
export class InferenceJobEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', default: DEFAULT_PROJECT })
  projectId!: string;
  @Column({ type: 'text' })
  status!: InferenceStatus;
  @Column({ type: 'text' })
  endpoint!: InferenceEndpoint;
  @ForeignKey(() => BaseModelEntity)
  @Column({ type: 'text' })
  baseModelId!: string;
  @ForeignKey(() => AdapterEntity)
  @Column({ type: 'text', nullable: true })
  adapterId!: string | null;
  @Column({ type: 'integer', nullable: true })
  adapterVersion!: number | null;
  @Column({ type: 'jsonb' })
  request!: JsonColumn;
  @Column({ type: 'jsonb', nullable: true })
  result!: JsonColumn | null;
  @Column({ type: 'jsonb', nullable: true })
  usage!: Usage | null;
  @Column({ type: 'jsonb', nullable: true })
  timings!: InferenceTimings | null;
  @Column({ type: 'jsonb', nullable: true })
  error!: Failure | null;
  @Column({ type: 'smallint', default: 0 })
  priority!: number;
  /** Its start tag in the order of the queue, see `takenTurn`, and how many turns it takes. */
  @Column({ type: 'bigint', default: 0, transformer: bigintNumber })
  turn!: number;
  @Column({ type: 'integer', default: 1 })
  turns!: number;
  @Column({ type: 'boolean', default: false })
  cancelRequested!: boolean;
  @Column({ type: 'integer', default: 0 })
  attempts!: number;
  @Column({ type: 'text', nullable: true })
  leaseOwner!: string | null;
  @Column({ type: 'timestamptz', nullable: true })
  leaseExpiresAt!: Date | null;
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
