import { mkdir } from 'node:fs/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@prad/database';
import { AppError } from '@prad/errors';
import type { CliSettings } from '../env.js';
import { postgresFolder } from './postgres-folder.js';
import { forgetServer, recordServer } from './server-record.js';
import { SupervisedChild } from './supervised-child.js';

export interface StackOptions {
  readonly settings: CliSettings;
  /** Port of the API; 0 takes a free one. */
  readonly port: number;
  /** Every line that a part writes, and what the stack itself tells as part `prad`. */
  readonly onLine: (part: string, line: string) => void;
}

/** What a child gets beyond its own drain time before it is killed. */
const DRAIN_MARGIN_MS = 5_000;

/** Database, API and worker as one: processes of this machine that live and end together. */
export class Stack {
  private constructor(
    readonly url: string,
    private readonly settings: CliSettings,
    private readonly postgres: EmbeddedPostgres | undefined,
    private readonly api: SupervisedChild,
    private readonly worker: SupervisedChild,
  ) {}

  /** Starts the parts in order. Where one fails, those before it are stopped and its error is thrown. */
  static async start({ settings, port, onLine }: StackOptions): Promise<Stack> {
    const { dataFolder, databaseUrl } = settings;
    await makeFolder(dataFolder);
    const started: (() => Promise<void>)[] = [];
    try {
      const postgres = databaseUrl === undefined ? await startPostgres(dataFolder, onLine) : undefined;
      if (postgres) started.push(() => postgres.stop());
      const environment = {
        ...settings.environment,
        DATABASE_URL: postgres?.url ?? databaseUrl,
        PRAD_DATA_DIR: dataFolder,
        PORT: String(port),
        LOG_FORMAT: 'json',
      };
      const api = await startApi(environment, onLine);
      started.push(() => api.child.stop(settings.drainMs + DRAIN_MARGIN_MS));
      const worker = await SupervisedChild.start({
        ...{ app: 'worker', environment, ready: /^prad worker ready/ },
        onLine: (line) => {
          onLine('worker', line);
        },
      });
      started.push(() => worker.child.stop(settings.drainMs + DRAIN_MARGIN_MS));
      await recordServer(dataFolder, api.url);
      return new Stack(api.url, settings, postgres, api.child, worker.child);
    } catch (error) {
      for (const stop of started.reverse()) await stop();
      throw error;
    }
  }

  /** Rejects when a part died for good. */
  get broken(): Promise<never> {
    return Promise.race([this.api.broken, this.worker.broken]);
  }

  /** The API first, which waits for answers under way; then the worker that gives them; the database last. */
  async stop(): Promise<void> {
    const within = this.settings.drainMs + DRAIN_MARGIN_MS;
    await forgetServer(this.settings.dataFolder, this.url);
    await this.api.stop(within);
    await this.worker.stop(within);
    await this.postgres?.stop();
  }

  /** Ends the processes at once; what they worked on is taken up again by the next server. */
  async kill(): Promise<void> {
    this.api.kill();
    this.worker.kill();
    await this.postgres?.stop();
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new AppError({
      kind: 'unavailable',
      code: 'data_folder_unusable',
      message: `the data folder ${folder} cannot be made: set PRAD_DATA_DIR to a folder that can be written`,
      cause,
    });
  });
}

function startPostgres(dataFolder: string, onLine: StackOptions['onLine']): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: postgresFolder(dataFolder),
    log: (message) => {
      onLine('postgres', message);
    },
  });
}

/** The API, which keeps its port when it is started again. */
async function startApi(
  environment: Record<string, string | undefined>,
  onLine: StackOptions['onLine'],
): Promise<{ child: SupervisedChild; url: string }> {
  const kept = { ...environment };
  const { child, line } = await SupervisedChild.start({
    ...{ app: 'api', environment: kept, ready: /listening on http/ },
    onLine: (text) => {
      onLine('api', text);
    },
  });
  const url = /http:\/\/\S+/.exec(line)?.[0] ?? '';
  kept['PORT'] = new URL(url).port;
  return { child, url: url.replace('[::1]', 'localhost').replace('0.0.0.0', '127.0.0.1') };
}
