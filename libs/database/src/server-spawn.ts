import type { Account } from './server-account.js';

interface ServerSpawnOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
}

/** How PostgreSQL's programs are run: as the account, in a folder that all can enter, without PG* variables. */
export function spawnOptions(account: Account | undefined): ServerSpawnOptions {
  if (process.platform === 'win32') return { cwd: process.cwd() };
  const base = { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  return account === undefined ? base : { ...base, uid: account.uid, gid: account.gid };
}
