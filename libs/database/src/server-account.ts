import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '@prad/errors';

/** The user that PostgreSQL runs as where this process is root, which PostgreSQL refuses. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];

/** An unprivileged account for root; undefined where this process may run PostgreSQL itself. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts = passwd.split('\n').map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const [, , uid, gid] = accounts.find((fields) => fields[0] === name) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new AppError({
    kind: 'unavailable',
    code: 'postgres_user_missing',
    message:
      'the embedded PostgreSQL cannot run as root and /etc/passwd has neither a postgres nor a nobody user: ' +
      'start as another user, or set DATABASE_URL to a PostgreSQL server of your own',
  });
}

/** True when the account may pass through every existing folder on the way to `path`, itself included. */
export async function canEnter(account: Account, path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const facts = await stat(folder).catch(() => undefined);
    if (facts !== undefined) {
      const shift = facts.uid === account.uid ? 6 : facts.gid === account.gid ? 3 : 0;
      if (((facts.mode >> shift) & 1) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}
