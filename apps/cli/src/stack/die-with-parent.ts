import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into child processes before their own code: when the parent is gone, whatever killed it, the child stops as if
 * it had been asked to, and at the latest after LAST_RESORT_MS.
 */
const LAST_RESORT_MS = 20_000;

function stop(): void {
  setTimeout(() => process.exit(1), LAST_RESORT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}

// The process's threads load this file as well, and they have no parent process.
if (isMainThread) {
  if (process.connected) {
    process.once('disconnect', stop);
    // The channel alone is no reason to stay alive.
    process.channel?.unref();
  } else {
    stop();
  }
}
