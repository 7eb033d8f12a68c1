import pc from 'picocolors';
import { ApiClient } from '../api/api-client.js';
import { note, print } from '../output/print.js';
import { BUNDLED_MODEL, ensureBundledModel } from '../stack/bundled-model.js';
import { isChatter, readableLine } from '../stack/log-line.js';
import { Stack } from '../stack/stack.js';
import type { AddCommands } from './command-context.js';
import { numberOption } from './number-option.js';

/** prad up */
export const addUp: AddCommands = (program, { settings }) => {
  program
    .command('up')
    .description('run database, API and worker until Ctrl-C')
    .option('--port <n>', 'port of the API; 0 takes a free one', numberOption, settings.port)
    .action(async ({ port }: { port: number }) => {
      note(`data folder ${settings.dataFolder}`);
      const onLine = (part: string, line: string): void => {
        if (!isChatter(line)) print(readableLine(part, line));
      };
      const running: { stack?: Stack } = {};
      const stop = stopRequest(async () => running.stack?.kill());
      const stack = await Stack.start({ settings, port, onLine });
      running.stack = stack;
      try {
        void greet(stack.url, settings.apiKey, stop.signal);
        await Promise.race([stop.asked, stack.broken]);
      } finally {
        note('stopping: running work ends or is handed back; Ctrl-C again ends it at once');
        await stack.stop();
      }
      note('stopped');
    });
};

interface StopRequest {
  /** Resolves with the first Ctrl-C or SIGTERM. */
  readonly asked: Promise<void>;
  /** Aborted at the same time. */
  readonly signal: AbortSignal;
}

/** `kill` follows the second Ctrl-C. */
function stopRequest(kill: () => Promise<void>): StopRequest {
  const controller = new AbortController();
  const asked = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      if (controller.signal.aborted) void kill().finally(() => process.exit(130));
      controller.abort();
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
  return { asked, signal: controller.signal };
}

/** Makes the bundled model ready and says what to do first. */
async function greet(url: string, apiKey: string | undefined, stopping: AbortSignal): Promise<void> {
  try {
    const ready = await ensureBundledModel(new ApiClient(url, apiKey));
    const body = `{"model":"${BUNDLED_MODEL}","prompt":"The Silver Lantern is a","max_tokens":32}`;
    const key = apiKey === undefined ? '' : ` -H "authorization: Bearer $PRAD_API_KEY"`;
    const curl = `curl ${url}/v1/completions${key} -H 'content-type: application/json' -d '${body}'`;
    print(
      `\n${pc.bold(`prad is up at ${url}`)}   ${pc.dim(`documentation at ${url}/docs, Ctrl-C stops it`)}`,
    );
    print(
      ready
        ? `  ${curl}\n`
        : `  import a model first: prad models import <folder | file.gguf | hf:org/name>\n`,
    );
  } catch (error) {
    if (stopping.aborted) return;
    note(`${BUNDLED_MODEL} could not be imported: ${error instanceof Error ? error.message : String(error)}`);
  }
}
