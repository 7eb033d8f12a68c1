import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MEGABYTES = 48;

/** A folder on a disk of its own that is soon full. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room, also not what is given back meanwhile, until `use` is over; then all of it. */
  whileFull<T>(use: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/** In memory, which takes the right to mount; why there is none where that is refused. */
export async function mountSmallDisk(): Promise<SmallDisk | { readonly refused: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-small-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=711`, 'tmpfs', folder]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { refused: error instanceof Error ? error.message.trim() : String(error) };
  }
  return {
    folder,
    whileFull: (use) => whileFull(join(folder, 'filler'), use),
    async remove() {
      await run('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function whileFull<T>(filler: string, use: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const filling = (async () => {
    while (!over.signal.aborted) {
      if (await takesMore(filler, 1 << 20)) continue;
      if (!(await takesMore(filler, 1 << 12))) await sleep(2);
    }
  })();
  try {
    return await use();
  } finally {
    over.abort();
    await filling;
    await rm(filler, { force: true });
  }
}

async function takesMore(filler: string, bytes: number): Promise<boolean> {
  return appendFile(filler, Buffer.alloc(bytes)).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
      throw error;
    },
  );
}
