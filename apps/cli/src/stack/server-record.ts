import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const record = z.object({ url: z.url(), pid: z.number().int() });

function pathIn(dataFolder: string): string {
  return join(dataFolder, 'server.json');
}

/** The address of the server that runs on a data folder, as it told when it started; it may be gone by now. */
export async function recordedServer(dataFolder: string): Promise<string | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(pathIn(dataFolder), 'utf8'))).url;
  } catch {
    return undefined;
  }
}

/** Tells commands that use the same data folder where this server is. */
export async function recordServer(dataFolder: string, url: string): Promise<void> {
  await mkdir(dataFolder, { recursive: true });
  await writeFile(pathIn(dataFolder), `${JSON.stringify({ url, pid: process.pid })}\n`);
}

/** Takes the record back, unless another server has written its own meanwhile. */
export async function forgetServer(dataFolder: string, url: string): Promise<void> {
  if ((await recordedServer(dataFolder)) === url) await rm(pathIn(dataFolder), { force: true });
}
