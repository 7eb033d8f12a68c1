import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@prad/telemetry';
import { readEnvironment } from './env.js';
import { Worker } from './worker.js';

/** What the end of a worker may take beyond DRAIN_MS: handing back, and letting go of threads and stores. */
const MARGIN_MS = 5_000;

const env = readEnvironment();
const log = createLogger({ service: 'worker', level: env.LOG_LEVEL, format: env.LOG_FORMAT });

/** Heard from the first moment on, and more than once: a second signal must not end what the first began. */
const asked = new Promise<string>((resolve) => {
  process.on('SIGTERM', resolve);
  process.on('SIGINT', resolve);
});

try {
  const worker = await Worker.start(env, log);
  // For whoever started the process, whatever the log level.
  process.stdout.write(`prad worker ready: ${env.WORKER_ROLES.join(', ')}\n`);
  const reason = await Promise.race([asked, ...(env.WORKER_ONCE ? [worker.oneEnded()] : [])]);
  log.info({ reason }, 'stopping: no further jobs are taken');
  await Promise.race([worker.drain(), overdue(env.DRAIN_MS + MARGIN_MS)]);
  process.exit(0);
} catch (error) {
  log.fatal({ err: error }, error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Nothing is lost by then: leases run out, and the jobs are taken up elsewhere. */
async function overdue(milliseconds: number): Promise<never> {
  await sleep(milliseconds);
  throw new Error(`the worker did not stop within ${milliseconds} ms`);
}
