import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@prad/errors';
import type { HubSettings } from '../env.js';
import { hubError, hubRequest, reasonOf, unavailable } from './hub-request.js';

export interface DownloadOptions {
  /** Hears how many bytes there are so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Before the first repetition; doubled for each further one without progress. Default 500. */
  readonly waitMs?: number;
}

/** Tries in a row that bring nothing. */
const TRIES = 5;

/** What is there so far of a file. */
interface Part {
  bytes: number;
  /** By which the rest is known to be of the same file. */
  etag: string | null;
}

/**
 * Downloads a file. A transfer that breaks off goes on where it stopped, if the server sends ranges and the file is still the same,
 * else from the start. Throws notFound, forbidden, or unavailable after several tries that brought nothing.
 */
export async function downloadFile(
  url: URL,
  path: string,
  hub: HubSettings,
  { onProgress = () => undefined, waitMs = 500 }: DownloadOptions = {},
): Promise<void> {
  const part: Part = { bytes: 0, etag: null };
  const file = await open(path, 'w');
  try {
    for (let idle = 0; ;) {
      const before = part.bytes;
      try {
        await transfer(url, file, part, hub, onProgress);
        return;
      } catch (error) {
        idle = part.bytes > before ? 1 : idle + 1;
        if (!isPassing(error) || idle === TRIES) throw error;
        await sleep(waitMs * 2 ** (idle - 1));
      }
    }
  } finally {
    await file.close();
  }
}

async function transfer(
  url: URL,
  file: FileHandle,
  part: Part,
  hub: HubSettings,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const isRest = part.bytes > 0 && part.etag !== null;
  const range = isRest ? { range: `bytes=${part.bytes}-`, 'if-range': part.etag ?? '' } : {};
  // Without this a store may pack the bytes, and then ranges are of what was packed.
  const response = await hubRequest(url, hub, { 'accept-encoding': 'identity', ...range });
  if (!response.ok) throw await hubError(response, 'the download failed');
  if (response.status !== 206 || startOf(response) !== part.bytes) {
    await file.truncate(0);
    part.bytes = 0;
  }
  const etag = response.headers.get('etag');
  part.etag = etag?.startsWith('W/') === true ? null : etag;
  try {
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array;
      await written(file, bytes, part.bytes);
      part.bytes += bytes.length;
      onProgress(part.bytes);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw unavailable(url, reasonOf(cause), cause);
  }
}

async function written(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  try {
    await file.write(bytes, 0, bytes.length, position);
  } catch (cause) {
    throw new AppError({
      kind: 'exhausted',
      code: 'download_unwritable',
      message: `the download cannot be written to the folder of temporary files: ${reasonOf(cause)}`,
      cause,
    });
  }
}

/** First byte of a partial answer, by its `content-range`. */
function startOf(response: Response): number | undefined {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof AppError) || error.kind !== 'unavailable') return false;
  const { status } = error.details;
  return typeof status !== 'number' || status >= 500 || status === 429;
}
