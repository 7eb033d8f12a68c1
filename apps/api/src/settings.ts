import type { LoggerOptions } from '@prad/telemetry';

/** What the API is told by its environment. */
export interface ApiSettings {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** postgres:// address of the rows. */
  readonly databaseUrl: string;
  /** Most connections for the rows; the queue has its own. */
  readonly databasePoolSize: number;
  /** The queue's Redis; undefined keeps the queue in the database. */
  readonly redisUrl: string | undefined;
  /** What the queue's Redis keys begin with, or its schema in the database. */
  readonly queuePrefix: string;
  /** Folder of the blobs. */
  readonly blobFolder: string;
  /** Folder of the built dashboard, which need not be there. */
  readonly dashboardFolder: string;
  /** Secrets of the project `default`, beside the keys that have a row. */
  readonly apiKeys: readonly string[];
  /** Most requests of one key or address; 0 sets no limit. */
  readonly rateLimitPerMinute: number;
  /** Largest file that may be uploaded. */
  readonly maxUploadBytes: number;
  /** The compiled thread that reads Parquet files; by default the one of the build. */
  readonly parquetThread?: URL;
  /** Time that running requests get to end when the process is asked to stop. */
  readonly drainMs: number;
  /** What an autoscaler must show; undefined lets only this machine ask how much work there is. */
  readonly scalingToken: string | undefined;
  readonly logLevel: LoggerOptions['level'];
  readonly logFormat: LoggerOptions['format'];
}

/** Injection token of the settings. */
export const API_SETTINGS = Symbol('ApiSettings');
