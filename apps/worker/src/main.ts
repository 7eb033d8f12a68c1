import { createLogger } from '@prad/telemetry';
import { readEnvironment } from './env.js';
import { Worker } from './worker.js';

const env = readEnvironment();
const log = createLogger({ service: 'worker', level: env.LOG_LEVEL, format: env.LOG_FORMAT });

try {
  const worker = await Worker.start(env, log);
  // For whoever started the process, whatever the log level.
  process.stdout.write(`prad worker ready: ${env.WORKER_ROLES.join(', ')}\n`);
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping: no further jobs are taken');
    void worker.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'the worker did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  log.fatal({ err: error }, error instanceof Error ? error.message : String(error));
  process.exit(1);
}
