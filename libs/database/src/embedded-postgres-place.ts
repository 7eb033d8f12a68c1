import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '@prad/errors';
import { errorText, explainFailure } from './embedded-postgres-error.js';
import { openFolders, ownOpenFolder } from './private-folder.js';
import { canEnter, type Account } from './server-account.js';

export interface Place {
  /** Folder of the cluster, its password and its log. */
  readonly home: string;
  /** What a reader of the log should know; undefined where the files lie where they were asked to. */
  readonly note: string | undefined;
}

const POINTER = 'LOCATION';

/**
 * Where the database files lie: in `dataDir`, or, when the server's account cannot enter that,
 * in an open folder under a name derived from `dataDir`, which the file LOCATION in `dataDir` then tells.
 */
export async function choosePlace(dataDir: string, account: Account | undefined): Promise<Place> {
  const wanted = resolve(dataDir);
  try {
    if (account === undefined || (await canEnter(account, wanted))) {
      await mkdir(wanted, { recursive: true, mode: account === undefined ? 0o700 : 0o711 });
      if (account !== undefined) await chmod(wanted, 0o711);
      return { home: wanted, note: undefined };
    }
    return await placeElsewhere(wanted, account);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw explainFailure(`preparation in ${wanted}`, errorText(error), error);
  }
}

async function placeElsewhere(wanted: string, account: Account): Promise<Place> {
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  const pointer = join(wanted, POINTER);
  const told = (await readFile(pointer, 'utf8').catch(() => '')).trim();
  const name = `postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`;
  for (const folder of openFolders()) {
    const home = join(folder, name);
    if (told !== '' && told !== home) continue;
    if (!(await canEnter(account, folder)) || !(await ownOpenFolder(folder))) continue;
    const aside = told === '' ? await putAside(home) : undefined;
    await mkdir(home, { recursive: true });
    await chmod(home, 0o711);
    await writeFile(pointer, `${home}\n`);
    const moved =
      aside === undefined ? '' : `; files of a deleted data folder of that name were moved to ${aside}`;
    const note = `user ${account.name} cannot enter ${dirname(wanted)}: the database files lie in ${home}${moved}`;
    return { home, note };
  }
  throw new AppError({
    kind: 'unavailable',
    code: 'no_database_folder',
    message:
      `the embedded PostgreSQL runs as user ${account.name}, who cannot enter ${wanted}, and neither ` +
      `${openFolders().join(' nor ')} can be used instead: set PRAD_DATA_DIR to a folder that others can enter, ` +
      'or set DATABASE_URL to a PostgreSQL server of your own',
    details: { wanted, told },
  });
}

/** A data folder that was deleted and made again must not find the rows of the old one. */
async function putAside(home: string): Promise<string | undefined> {
  if (!(await holdsCluster(home))) return undefined;
  const aside = `${home}.aside-${String(Date.now())}`;
  await rename(home, aside);
  return aside;
}

/** True where a database was made. */
export async function holdsCluster(home: string): Promise<boolean> {
  return access(join(home, 'data', 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}
