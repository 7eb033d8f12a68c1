import type { Logger } from '@prad/telemetry';

/** What the worker's parts tell an operator. */
export type WorkerLog = Pick<Logger, 'info' | 'warn' | 'error'>;
