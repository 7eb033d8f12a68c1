import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './embedded-postgres-binaries.js';
import { errorText, explainFailure } from './embedded-postgres-error.js';
import { holdsCluster } from './embedded-postgres-place.js';
import type { Account } from './server-account.js';
import { spawnOptions } from './server-spawn.js';

/** The superuser of embedded clusters and the database that the system uses. */
export const DATABASE_USER = 'prad';
export const DATABASE_NAME = 'prad';

const DRAFT_PREFIX = 'data.draft-';
const DRAFT_LIFETIME_MS = 10 * 60_000;
const run = promisify(execFile);

export interface Cluster {
  readonly dataFolder: string;
  readonly password: string;
}

/** The cluster of a home folder, made where there is none. A start that was killed half-way leaves nothing that counts. */
export async function ensureCluster(
  home: string,
  binaries: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<Cluster> {
  try {
    const password = await ensurePassword(join(home, 'password'));
    const dataFolder = join(home, 'data');
    if (!(await holdsCluster(home))) {
      await removeOldDrafts(home);
      await initialise(home, password, binaries, account, durable);
    }
    return { dataFolder, password };
  } catch (error) {
    const output = (error as { stderr?: string }).stderr ?? '';
    throw explainFailure(`initialisation in ${home}`, `${errorText(error)}\n${output}`, error);
  }
}

/** Written beside and linked, so that a reader finds the whole password or none, and the first of two writers wins. */
async function ensurePassword(path: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}

async function initialise(
  home: string,
  password: string,
  { initdb }: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  const draft = join(home, `${DRAFT_PREFIX}${randomBytes(6).toString('hex')}`);
  const passwordFile = `${draft}.password`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account !== undefined) {
      await chown(draft, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const login = [`--username=${DATABASE_USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    const text = ['--encoding=UTF8', '--locale=C', ...(durable ? [] : ['--no-sync'])];
    await run(initdb, [`--pgdata=${draft}`, ...login, ...text], spawnOptions(account));
    await rename(draft, join(home, 'data')).catch(async (error: unknown) => {
      // Another process was faster; it used the same password.
      if (!(await holdsCluster(home))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

async function removeOldDrafts(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const path = join(home, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts !== undefined && Date.now() - facts.mtimeMs > DRAFT_LIFETIME_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
