import { prepareBinaries } from './embedded-postgres-binaries.js';
import { DATABASE_NAME, ensureCluster } from './embedded-postgres-cluster.js';
import { errorText, explainFailure } from './embedded-postgres-error.js';
import { choosePlace } from './embedded-postgres-place.js';
import { addressOf, ensureDatabase, runServer } from './embedded-postgres-server.js';
import { isServerOf, waitForEnd } from './postmaster.js';
import { isOrphan, own, type Ownership } from './postmaster-watch.js';
import { serverAccount } from './server-account.js';

export interface EmbeddedPostgresOptions {
  /** Where the database files belong; see `location` for where they are. */
  readonly dataDir: string;
  /** A free one unless given. */
  readonly port?: number | undefined;
  /** False trades safety against power cuts for speed, for tests; true unless given. */
  readonly durable?: boolean | undefined;
  /** How long the server outlives a process that ended without `stop`; 10 unless given. */
  readonly graceSeconds?: number | undefined;
  /** Told where the files lie when that is not `dataDir`, and whether a running server was joined. */
  readonly log?: ((message: string) => void) | undefined;
}

export interface EmbeddedPostgres {
  /** postgres://user:password@127.0.0.1:port/prad */
  readonly url: string;
  /** The folder that holds the database files. */
  readonly location: string;
  /** True when another living process answers for the server: then `stop` leaves it running. */
  readonly attached: boolean;
  /** Shuts the server down cleanly and quickly. */
  stop(): Promise<void>;
}

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/**
 * A PostgreSQL server on the loopback address, from the binaries of an npm package.
 * Works as root (the server then runs as an unprivileged user) and below folders that others cannot enter.
 * A server that runs on the folder already is joined. Throws an AppError of one sentence where it cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, port, durable = true, graceSeconds = 10, log = () => undefined } = options;
  const account = await serverAccount();
  const [binaries, place] = await Promise.all([prepareBinaries(account), choosePlace(dataDir, account)]);
  if (place.note !== undefined) log(place.note);
  const { home } = place;
  const cluster = await ensureCluster(home, binaries, account, durable);
  const server = await runServer({ home, cluster, binaries, account, port, durable });
  const attached = !server.started && !(await isOrphan(home));
  if (!server.started) log(`joined the server that runs on ${home}`);
  const ownership = attached ? undefined : await own(home, cluster.dataFolder, server.pid, graceSeconds);
  const stop = (): Promise<void> => stopOwned(server.pid, cluster.dataFolder, ownership);
  try {
    await ensureDatabase(server.port, cluster.password);
  } catch (error) {
    await stop();
    throw explainFailure('database creation', errorText(error), error);
  }
  const url = addressOf(server.port, cluster.password, DATABASE_NAME);
  return { url, location: home, attached, stop };
}

async function stopOwned(pid: number, dataFolder: string, ownership: Ownership | undefined): Promise<void> {
  if (ownership === undefined) return;
  // Its number may belong to another program when it has ended long ago.
  if ((await ownership.isOurs()) && (await isServerOf(pid, dataFolder))) {
    signal(pid, 'SIGINT');
    if (!(await waitForEnd(pid, FAST_SHUTDOWN_MS))) {
      signal(pid, 'SIGQUIT');
      await waitForEnd(pid, IMMEDIATE_SHUTDOWN_MS);
    }
  }
  ownership.end();
}

function signal(pid: number, name: 'SIGINT' | 'SIGQUIT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
