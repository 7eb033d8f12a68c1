import { Check, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { EventEntity } from './event.entity.js';
import { FineTuningJobEntity } from './fine-tuning-job.entity.js';

@Entity('job_event')
@Check('job_event_level_check', `level IN ('info', 'warn', 'error')`)
@Check('job_event_type_check', `type IN ('message', 'metrics')`)
@Unique(['id'])
export class JobEventEntity extends EventEntity {
  @ForeignKey(() => FineTuningJobEntity, { onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text' })
  jobId!: string;
}
