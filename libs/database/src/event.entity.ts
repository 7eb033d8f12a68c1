import type { EventLevel, EventType } from '@prad/domain';
import { Column, PrimaryColumn } from 'typeorm';
import type { JsonColumn } from './json-column.js';

/** The columns of every table of events. */
export abstract class EventEntity {
  /** Of what it is the story of. */
  abstract jobId: string;
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
