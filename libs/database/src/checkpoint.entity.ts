import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { bigintNumber } from './bigint-number.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';

@Entity('checkpoint')
@Unique(['jobId', 'step'])
export class CheckpointEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;
  @ForeignKey(() => FineTuningJobEntity, { onDelete: 'CASCADE' })
  @Column({ type: 'text' })
  jobId!: string;
  @Column({ type: 'integer' })
  step!: number;
  @Column({ type: 'double precision', nullable: true })
  trainLoss!: number | null;
  @Column({ type: 'double precision', nullable: true })
  validLoss!: number | null;
  @Column({ type: 'text' })
  digest!: string;
  @Column({ type: 'text' })
  blobKey!: string;
  @Column({ type: 'bigint', transformer: bigintNumber })
  bytes!: number;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
