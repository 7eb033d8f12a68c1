import {
  address,
  dataEnv,
  databaseEnv,
  engineEnv,
  httpEnv,
  loadEnv,
  loggingEnv,
  redisEnv,
  workerEnv,
  type Env,
} from '@prad/config';

const environment = {
  ...databaseEnv,
  DATABASE_URL: address('postgres', 'postgresql').describe(
    'Address of PostgreSQL 13 or later. The worker alone needs it; `prad up` starts an embedded one and gives it.',
  ),
  ...redisEnv,
  ...dataEnv,
  ...loggingEnv,
  ...engineEnv,
  ...workerEnv,
  DRAIN_MS: httpEnv.DRAIN_MS,
};

export type WorkerEnv = Env<typeof environment>;

/** The worker's settings from the environment; prints all problems and exits where there are any. */
export function readEnvironment(): WorkerEnv {
  return loadEnv(environment);
}
