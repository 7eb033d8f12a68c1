import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventRepository, type EventTable } from './event.repository.js';
import { JobEventEntity } from './job-event.entity.js';

export const jobEvents: EventTable = {
  ...{ entity: JobEventEntity, table: 'job_event', key: 'job_id' },
  ...{ owner: 'fine_tuning_job', called: 'fine-tuning job', idPrefix: 'ftevent' },
};

/** The stories of fine-tuning jobs. */
@Injectable()
export class JobEventRepository extends EventRepository {
  constructor(dataSource: DataSource) {
    super(dataSource, jobEvents);
  }
}
