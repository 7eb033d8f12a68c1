import { InvalidArgumentError } from 'commander';
import { AppError } from '@prad/errors';
import { print } from '../output/print.js';
import { Child } from '../stack/child.js';
import { readableLine } from '../stack/log-line.js';
import type { AddCommands } from './command-context.js';

/** What a worker gets beyond its own drain time before it is killed; its own margin is shorter. */
const MARGIN_MS = 8_000;

/** prad worker */
export const addWorker: AddCommands = (program, { settings }) => {
  program
    .command('worker')
    .description('run one more worker in the foreground, beside the API of DATABASE_URL and REDIS_URL')
    .option(
      '--roles <roles>',
      'work that it takes: train, generate, evaluate, import, joined by commas',
      words,
    )
    .option('--once', 'take one job, finish it and end; also when there is none for five seconds')
    .action(async ({ roles, once }: { roles?: string; once?: true }) => {
      if (settings.databaseUrl === undefined) throw databaseMissing();
      const worker = new Child({
        app: 'worker',
        environment: {
          ...settings.environment,
          ...(roles !== undefined && { WORKER_ROLES: roles }),
          ...(once && { WORKER_ONCE: 'true' }),
        },
        ready: /^prad worker ready/,
        // Lines stay as they are where a machine reads them.
        onLine: (line) => {
          print(process.stdout.isTTY ? readableLine('worker', line) : line);
        },
      });
      const stop = (): void => void worker.stop(settings.drainMs + MARGIN_MS);
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
      await worker.ended;
      process.exitCode = worker.exitCode;
    });
};

function words(text: string): string {
  if (/^\w+(,\w+)*$/.test(text)) return text;
  throw new InvalidArgumentError('expected roles joined by commas, such as train,generate');
}

function databaseMissing(): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'database_url_missing',
    message: 'a worker needs DATABASE_URL, the address of the PostgreSQL that its API uses',
  });
}
