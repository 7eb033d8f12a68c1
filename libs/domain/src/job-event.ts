import type { JsonObject } from './json.js';

export type EventLevel = 'info' | 'warn' | 'error';
export type EventType = 'message' | 'metrics';

/** One line of the story of a fine-tuning job or an evaluation. */
export interface JobEvent {
  readonly id: string;
  /** Of the job or the evaluation. */
  readonly jobId: string;
  /** 1, 2, 3, ... within it, without gaps. */
  readonly sequence: number;
  readonly level: EventLevel;
  readonly type: EventType;
  readonly message: string;
  readonly data: JsonObject;
  readonly createdAt: Date;
}

export type NewJobEvent = Pick<JobEvent, 'level' | 'message'> & Partial<Pick<JobEvent, 'type' | 'data'>>;
