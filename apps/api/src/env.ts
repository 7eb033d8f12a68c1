import { resolve } from 'node:path';
import {
  accessEnv,
  address,
  dataEnv,
  databaseEnv,
  httpEnv,
  loadEnv,
  loggingEnv,
  redisEnv,
  scalingEnv,
} from '@prad/config';
import type { ApiSettings } from './settings.js';

const environment = {
  ...databaseEnv,
  DATABASE_URL: address('postgres', 'postgresql').describe(
    'Address of PostgreSQL 13 or later. The API alone needs it; `prad up` starts an embedded one and gives it.',
  ),
  ...redisEnv,
  ...dataEnv,
  ...httpEnv,
  ...scalingEnv,
  ...accessEnv,
  ...loggingEnv,
};

/** The API's settings from the environment; prints all problems and exits where there are any. */
export function readSettings(): ApiSettings {
  const env = loadEnv(environment);
  return {
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    redisUrl: env.REDIS_URL,
    queuePrefix: env.QUEUE_PREFIX,
    blobFolder: resolve(env.PRAD_DATA_DIR, 'blobs'),
    // Beside this app's folder in dist, where the build puts it.
    dashboardFolder: resolve(import.meta.dirname, '../../dashboard'),
    apiKeys: env.API_KEYS ?? [],
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    maxUploadBytes: env.MAX_UPLOAD_BYTES,
    drainMs: env.DRAIN_MS,
    scalingToken: env.SCALING_TOKEN,
    logLevel: env.LOG_LEVEL,
    logFormat: env.LOG_FORMAT,
  };
}
