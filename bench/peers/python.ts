import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Installs the Python peers' environment where it is not there yet; undefined, with a word, where that fails. */
export async function peerPython(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('bench/peers/install.sh');
    return stdout.trim();
  } catch (error) {
    console.log(`measured without torch: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
