import { ApiClient } from '../api/api-client.js';
import { unreachable } from '../api/api-error.js';
import type { CliSettings } from '../env.js';
import { ensureBundledModel } from './bundled-model.js';
import { levelOf, readableLine } from './log-line.js';
import { recordedServer } from './server-record.js';
import { Stack } from './stack.js';

/** A server to talk to, and whether it ends with this command. */
export interface Server {
  readonly client: ApiClient;
  readonly isPrivate: boolean;
}

/**
 * Gives `use` a server: the one that PRAD_API_URL names; else the one that runs on the data folder or on the default
 * port; else a private one for as long as `use` takes, on the same data folder, so that what it makes stays.
 */
export async function withServer<T>(
  settings: CliSettings,
  verbose: boolean,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const running = await findServer(settings);
  if (running !== undefined) return use({ client: running, isPrivate: false });
  const stack = await Stack.start({ settings, port: 0, onLine: quiet(verbose) });
  const client = new ApiClient(stack.url, settings.apiKey);
  try {
    await ensureBundledModel(client);
    return await use({ client, isPrivate: true });
  } finally {
    await stack.stop();
  }
}

async function findServer(settings: CliSettings): Promise<ApiClient | undefined> {
  const { apiUrl, apiKey, dataFolder, host, port } = settings;
  if (apiUrl !== undefined) {
    const named = new ApiClient(apiUrl, apiKey);
    if (await named.answers()) return named;
    throw unreachable(apiUrl, undefined);
  }
  const candidates = [await recordedServer(dataFolder), `http://${host}:${port}`];
  for (const url of candidates) {
    if (url === undefined) continue;
    const client = new ApiClient(url, apiKey);
    if (await client.answers()) return client;
  }
  return undefined;
}

/** A private server's own lines are of interest only when something is wrong with it. */
function quiet(verbose: boolean): (part: string, line: string) => void {
  return (part, line) => {
    if (verbose || ['warn', 'error', 'fatal'].includes(levelOf(line))) {
      process.stderr.write(`${readableLine(part, line)}\n`);
    }
  };
}
