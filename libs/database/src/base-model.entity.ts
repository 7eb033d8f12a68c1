import type { BaseModelStatus, Failure, Quantisation } from '@prad/domain';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { bigintNumber } from './bigint-number.js';
import type { JsonColumn } from './json-column.js';
import { ProjectEntity } from './project.entity.js';

@Entity('base_model')
@Check('base_model_status_check', `status IN ('importing', 'ready', 'failed')`)
@Check(
  'base_model_ready_check',
  `status <> 'ready' OR (digest IS NOT NULL AND architecture IS NOT NULL AND parameter_count IS NOT NULL ` +
    `AND context_length IS NOT NULL AND vocabulary_size IS NOT NULL AND bytes IS NOT NULL AND blob_key IS NOT NULL)`,
)
@Check('base_model_error_check', `(status = 'failed') = (error IS NOT NULL)`)
@Check(
  'base_model_lease_check',
  `(status = 'importing' OR lease_owner IS NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)`,
)
@Check('base_model_quantised_check', `quantised <@ '{q4,q8,w8a8}'::text[]`)
@Index(['createdAt', 'id'])
export class BaseModelEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => ProjectEntity)
  @Column({ type: 'text', nullable: true })
  projectId!: string | null;
  @Column({ type: 'text' })
  source!: string;
  @Column({ type: 'text' })
  status!: BaseModelStatus;
  @Column({ type: 'text', nullable: true })
  digest!: string | null;
  @Column({ type: 'text', nullable: true })
  architecture!: string | null;
  @Column({ type: 'bigint', nullable: true, transformer: bigintNumber })
  parameterCount!: number | null;
  @Column({ type: 'integer', nullable: true })
  contextLength!: number | null;
  @Column({ type: 'integer', nullable: true })
  vocabularySize!: number | null;
  @Column({ type: 'bigint', nullable: true, transformer: bigintNumber })
  bytes!: number | null;
  @Column({ type: 'text', nullable: true })
  blobKey!: string | null;
  @Column({ type: 'text', array: true, default: () => `'{}'` })
  quantised!: Quantisation[];
  @Column({ type: 'jsonb', default: () => `'{}'` })
  details!: JsonColumn;
  @Column({ type: 'jsonb', nullable: true })
  error!: Failure | null;
  @Column({ type: 'text', nullable: true })
  leaseOwner!: string | null;
  @Column({ type: 'timestamptz', nullable: true })
  leaseExpiresAt!: Date | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
