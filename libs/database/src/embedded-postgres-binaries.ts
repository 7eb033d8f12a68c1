import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '@prad/errors';
import { errorText, explainFailure } from './embedded-postgres-error.js';
import { openFolders, ownOpenFolder } from './private-folder.js';
import { canEnter, type Account } from './server-account.js';
import { spawnOptions } from './server-spawn.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Package {
  readonly native: string;
  readonly version: string;
}

const run = promisify(execFile);

/**
 * The server's binaries in a place where `account` can run them: in the package itself, else in a copy in one of `folders`.
 * Throws unavailable where the platform has none or no place works.
 */
export async function prepareBinaries(
  account: Account | undefined,
  folders: readonly string[] = openFolders(),
): Promise<Binaries> {
  const source = await findPackage();
  const inPlace = binariesIn(source.native);
  const reachable = account === undefined || (await canEnter(account, join(source.native, 'bin')));
  const failure = reachable ? await probe(inPlace, account) : 'Permission denied';
  if (failure === undefined) return inPlace;
  const name = `postgres-${source.version}-${process.platform}-${process.arch}`;
  let last = failure;
  for (const folder of folders) {
    if (account !== undefined && !(await canEnter(account, folder))) continue;
    if (!(await ownOpenFolder(folder))) continue;
    const target = join(folder, name);
    const problem = await copyOnce(source.native, target)
      .then(() => probe(binariesIn(target), account))
      .catch(errorText);
    if (problem === undefined) return binariesIn(target);
    last = problem;
  }
  throw explainFailure('installation', last);
}

async function findPackage(): Promise<Package> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  try {
    // A package manager that does not hoist puts the binaries below the package that names them.
    const beside = createRequire(here.resolve('embedded-postgres'));
    const root = dirname(dirname(beside.resolve(name)));
    const facts: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version = (facts as { version: string }).version;
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new AppError({
      kind: 'unavailable',
      code: 'postgres_binaries_missing',
      message:
        `there are no embedded PostgreSQL binaries for ${process.platform} ${process.arch} (package ${name}): ` +
        'set DATABASE_URL to a PostgreSQL server of your own',
      cause,
    });
  }
}

function binariesIn(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}

/** What went wrong when the account ran both binaries; undefined when they work. */
async function probe(
  { initdb, postgres }: Binaries,
  account: Account | undefined,
): Promise<string | undefined> {
  try {
    await Promise.all([initdb, postgres].map((file) => run(file, ['--version'], spawnOptions(account))));
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** Copies the binaries beside the target and renames, so that the target is whole or absent. */
async function copyOnce(native: string, target: string): Promise<void> {
  if ((await readdir(target).catch(() => [])).length > 0) return;
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(native, draft, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !file.endsWith('.a'),
    });
    await openForAll(draft);
    await addLinks(draft);
    await rename(draft, target).catch(async (error: unknown) => {
      // Another process was faster; its copy is as good.
      if ((await readdir(target).catch(() => [])).length === 0) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function openForAll(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, entry.parentPath === join(root, 'bin') ? 0o755 : 0o644);
  }
}

/** The package lists its symbolic links in a file, since npm archives hold none; its install script may not have run. */
async function addLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, relative('native', target));
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(target), source), link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}
