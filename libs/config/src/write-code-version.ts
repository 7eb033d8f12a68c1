import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { builtVersion } from './code-version.js';

/** The commit of the sources; null where they are no checkout, as in an image's build, which gives it as the argument. */
function commitOf(given: string | undefined): string | null {
  if (given) return given;
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const commit = git('rev-parse', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}-dirty`;
  } catch {
    return null;
  }
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
writeFileSync(builtVersion, `${JSON.stringify({ version, commit: commitOf(process.argv[2]) })}\n`);
