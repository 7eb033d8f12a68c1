import { access, appendFile, copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.js';

/** What node:20-bookworm-slim brings. */
const NPM_VERSION = '10.8.2';

/**
 * A stand-in for node:20-bookworm-slim, which cannot be fetched without a registry: a minimal Debian 12 from Debian's own
 * packages, this machine's Node, the image's npm, and the image's user `node`. Kept in `folder`.
 */
export async function makeBaseImage(folder: string): Promise<string> {
  const whole = join(folder, 'base');
  if (await exists(whole)) return whole;
  const root = join(folder, 'base.part');
  await rm(root, { recursive: true, force: true });
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates,libstdc++6', 'bookworm', root]);
  await copyFile(process.execPath, join(root, 'usr/local/bin/node'));
  await run('npm', ['install', '--global', '--prefix', join(root, 'usr/local'), `npm@${NPM_VERSION}`]);
  await appendFile(join(root, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/sh\n');
  await appendFile(join(root, 'etc/group'), 'node:x:1000:\n');
  for (const file of ['etc/resolv.conf', 'etc/hosts', 'etc/ssl/certs/ca-certificates.crt', 'root/.npmrc'])
    if (await exists(join('/', file))) await copyFile(join('/', file), join(root, file));
  await rename(root, whole);
  return whole;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
