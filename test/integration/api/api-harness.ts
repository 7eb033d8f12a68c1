import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@prad/database';
import { HandlerHost } from '@prad/queue';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import OpenAI from 'openai';
import { createApp } from '../../../apps/api/src/create-app.js';
import type { ApiSettings } from '../../../apps/api/src/settings.js';
import { TinyGenerator, TinyTrainer } from './tiny-worker.js';

/** A running API with its rows, its queue and a tiny worker, all real but for what the worker computes. */
export interface ApiHarness {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly openai: OpenAI;
  readonly database: Database;
  readonly generator: TinyGenerator;
  readonly blobFolder: string;
  /** Stops and starts the worker, for jobs that should wait. */
  stopWorker(): Promise<void>;
  startWorker(): Promise<void>;
  close(): Promise<void>;
}

export const MAX_UPLOAD_BYTES = 100_000;

export async function startApi(
  databaseUrl: string,
  redisUrl?: string,
  changes: Partial<ApiSettings> = {},
): Promise<ApiHarness> {
  const blobFolder = await mkdtemp(join(tmpdir(), 'prad-api-'));
  const app = await createApp({
    ...{ host: '127.0.0.1', port: 0, databaseUrl, databasePoolSize: 5, redisUrl, blobFolder },
    dashboardFolder: join(blobFolder, 'no-dashboard'),
    queuePrefix: 'bullmq',
    ...{
      maxUploadBytes: MAX_UPLOAD_BYTES,
      drainMs: 5_000,
      scalingToken: undefined,
      apiKeys: [],
      rateLimitPerMinute: 0,
      logLevel: 'silent',
      logFormat: 'json',
    },
    ...changes,
  });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const database = await openDatabase({ url: databaseUrl, poolSize: 5 });
  const generator = new TinyGenerator(database);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let host: HandlerHost | undefined;
  const startWorker = async () => {
    const store = { url: redisUrl ?? databaseUrl };
    const roles = ['train', 'generate'] as const;
    const options = { store, roles, concurrency: { generate: 4, train: 2 }, log };
    host = new HandlerHost(options, [generator, new TinyTrainer(database)]);
    await host.start();
  };
  const stopWorker = async () => {
    await host?.close(5_000);
    host = undefined;
  };
  await startWorker();
  return {
    ...{ app, url, database, generator, blobFolder, startWorker, stopWorker },
    openai: new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0 }),
    close: async () => {
      await stopWorker();
      await app.close();
      await database.close();
      await rm(blobFolder, { recursive: true, force: true });
    },
  };
}
