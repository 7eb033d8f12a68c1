import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EvaluationEventEntity } from './evaluation-event.entity.js';
import { EventRepository, type EventTable } from './event.repository.js';

export const evaluationEvents: EventTable = {
  ...{ entity: EvaluationEventEntity, table: 'evaluation_event', key: 'evaluation_id' },
  ...{ owner: 'evaluation', called: 'evaluation', idPrefix: 'evalevent' },
};

/** The stories of evaluations. */
@Injectable()
export class EvaluationEventRepository extends EventRepository {
  constructor(dataSource: DataSource) {
    super(dataSource, evaluationEvents);
  }
}
