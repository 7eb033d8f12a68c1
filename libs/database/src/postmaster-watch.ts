import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { isRunning } from './postmaster.js';

/**
 * Waits for the end of its input, which comes when the owning process ends in whatever way, and then,
 * unless another process has become the owner meanwhile, shuts the server down.
 */
const SCRIPT = `
cat > /dev/null
sleep "$1"
[ "$(cat "$2")" = "$3" ] || exit 0
[ "$(head -n 1 "$4/postmaster.pid")" = "$5" ] && kill -INT "$5"
`;

/** The tie between a server and the process that answers for it. */
export interface Ownership {
  /** True while no other process has taken the server over. */
  isOurs(): Promise<boolean>;
  /** Leaves the server alone from now on. */
  end(): void;
}

/** Makes this process the owner of the server, which is shut down `graceSeconds` after this process has ended. */
export async function own(
  home: string,
  dataFolder: string,
  postmasterPid: number,
  graceSeconds: number,
): Promise<Ownership> {
  const path = join(home, 'owner');
  const token = `${String(process.pid)} ${randomBytes(8).toString('hex')}`;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, token, { mode: 0o600 });
  await rename(draft, path);
  const watch = startWatch([String(graceSeconds), path, token, dataFolder, String(postmasterPid)]);
  return {
    // Another process would have written its token; a missing file was deleted together with its folder.
    isOurs: async () => (await readFile(path, 'utf8').catch(() => token)) === token,
    end: () => watch?.kill('SIGKILL'),
  };
}

/** True when the process that answers for the server in this home has ended. */
export async function isOrphan(home: string): Promise<boolean> {
  const text = await readFile(join(home, 'owner'), 'utf8').catch(() => '');
  const pid = Number(text.split(' ')[0]);
  return !(pid > 0 && isRunning(pid));
}

function startWatch(parameters: readonly string[]): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const watch = spawn('/bin/sh', ['-c', SCRIPT, 'postmaster-watch', ...parameters], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C reaches the whole process group of a terminal; the watch must outlive its owner.
    detached: true,
  });
  watch.on('error', () => undefined);
  watch.unref();
  watch.stdin.on('error', () => undefined);
  if (watch.stdin instanceof Socket) watch.stdin.unref();
  return watch;
}
