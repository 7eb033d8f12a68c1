import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';

@Entity('job_metric')
@Unique(['jobId', 'sequence'])
export class JobMetricEntity {
  @ForeignKey(() => FineTuningJobEntity, { onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text' })
  jobId!: string;
  @PrimaryColumn({ type: 'integer' })
  step!: number;
  @Column({ type: 'integer' })
  sequence!: number;
  @Column({ type: 'double precision', nullable: true })
  trainLoss!: number | null;
  @Column({ type: 'double precision', nullable: true })
  validLoss!: number | null;
  @Column({ type: 'double precision', nullable: true })
  learningRate!: number | null;
  @Column({ type: 'double precision', nullable: true })
  gradientNorm!: number | null;
  @Column({ type: 'double precision', nullable: true })
  tokensPerSecond!: number | null;
  @Column({ type: 'double precision', nullable: true })
  stepSeconds!: number | null;
  @Column({ type: 'double precision', nullable: true })
  paddingWaste!: number | null;
  @Column({ type: 'double precision', nullable: true })
  mfu!: number | null;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
