import type { EventLevel, EventType } from '@prad/domain';
import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';
import type { JsonColumn } from './json-column.js';

@Entity('job_event')
@Check('job_event_level_check', `level IN ('info', 'warn', 'error')`)
@Check('job_event_type_check', `type IN ('message', 'metrics')`)
@Unique(['id'])
export class JobEventEntity {
  @ForeignKey(() => FineTuningJobEntity, { onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text' })
  jobId!: string;
  @PrimaryColumn({ type: 'integer' })
  sequence!: number;
  @Column({ type: 'text' })
  id!: string;
  @Column({ type: 'text' })
  level!: EventLevel;
  @Column({ type: 'text' })
  type!: EventType;
  @Column({ type: 'text' })
  message!: string;
  @Column({ type: 'jsonb', default: () => `'{}'` })
  data!: JsonColumn;
  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
