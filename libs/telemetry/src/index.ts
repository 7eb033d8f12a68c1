export { createLogger, type LoggerOptions } from './logger.js';
export { withoutSecrets } from './secrets.js';
export { withLogContext, type LogContext } from './log-context.js';
export { carryRequestId, currentRequestId, requestId, requestLogging } from './request-logging.js';
export { latencyBuckets, Metrics } from './metrics.js';
export { Logger as NestLogger } from 'nestjs-pino';
export type { Logger } from 'pino';
