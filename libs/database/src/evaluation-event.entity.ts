import { Check, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { EvaluationEntity } from './evaluation.entity.js';
import { EventEntity } from './event.entity.js';

@Entity('evaluation_event')
@Check('evaluation_event_level_check', `level IN ('info', 'warn', 'error')`)
@Check('evaluation_event_type_check', `type IN ('message', 'metrics')`)
@Unique(['id'])
export class EvaluationEventEntity extends EventEntity {
  @ForeignKey(() => EvaluationEntity, { onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text', name: 'evaluation_id' })
  jobId!: string;
}
