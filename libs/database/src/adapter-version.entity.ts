import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { AdapterEntity } from './adapter.entity.js';
import { bigintNumber } from './bigint-number.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';

@Entity('adapter_version')
@Unique(['adapterId', 'version'])
@Unique(['jobId'])
@Check('adapter_version_version_check', `version >= 1`)
@Index(['digest'])
export class AdapterVersionEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => AdapterEntity, { onDelete: 'CASCADE' })
  @Column({ type: 'text' })
  adapterId!: string;
  @Column({ type: 'integer' })
  version!: number;
  @Column({ type: 'text' })
  digest!: string;
  @Column({ type: 'text' })
  blobKey!: string;
  @Column({ type: 'bigint', transformer: bigintNumber })
  bytes!: number;
  @ForeignKey(() => FineTuningJobEntity)
  @Column({ type: 'text', nullable: true })
  jobId!: string | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
