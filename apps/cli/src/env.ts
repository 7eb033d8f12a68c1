import { resolve } from 'node:path';
import { accessEnv, clientEnv, dataEnv, databaseEnv, httpEnv, hubEnv, loadEnv } from '@prad/config';

const environment = {
  ...clientEnv,
  ...hubEnv,
  API_KEYS: accessEnv.API_KEYS,
  DATABASE_URL: databaseEnv.DATABASE_URL,
  PRAD_DATA_DIR: dataEnv.PRAD_DATA_DIR,
  HOST: httpEnv.HOST,
  PORT: httpEnv.PORT,
  DRAIN_MS: httpEnv.DRAIN_MS,
};

/** What the command line is told by its environment. */
export interface CliSettings {
  /** Given explicitly; undefined lets commands find or start a server. */
  readonly apiUrl: string | undefined;
  /** Secret that requests carry; undefined sends none. */
  readonly apiKey: string | undefined;
  /** Undefined starts an embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  /** Time that the API and the worker give to running work when they are asked to stop. */
  readonly drainMs: number;
  readonly hub: HubSettings;
  /** What child processes inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where data sets of the Hugging Face Hub come from. */
export interface HubSettings {
  readonly endpoint: string;
  /** Undefined reaches public data sets only. */
  readonly token: string | undefined;
}

/** The command line's settings; prints all problems and exits where there are any. */
export function readSettings(): CliSettings {
  const env = loadEnv(environment);
  return {
    apiUrl: env.PRAD_API_URL,
    apiKey: env.PRAD_API_KEY ?? env.API_KEYS?.[0],
    databaseUrl: env.DATABASE_URL,
    dataFolder: resolve(env.PRAD_DATA_DIR),
    host: env.HOST,
    port: env.PORT,
    drainMs: env.DRAIN_MS,
    hub: { endpoint: env.HF_ENDPOINT, token: env.HF_TOKEN },
    environment: process.env,
  };
}
