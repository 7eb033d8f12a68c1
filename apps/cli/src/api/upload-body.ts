import { randomBytes } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { AppError } from '@prad/errors';

/**
 * A multipart form that is read from disk while it is sent, whatever its size.
 * @throws AppError notFound `unreadable_file`, before anything is sent.
 */
export async function uploadBody(
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<{ readonly body: ReadableStream; readonly type: string }> {
  const file = await openFile(path);
  const boundary = `prad-${randomBytes(12).toString('hex')}`;
  const filename = basename(path).replaceAll(/["\r\n]/g, '_');
  async function* parts(): AsyncGenerator<Uint8Array | string> {
    for (const [name, value] of Object.entries(fields)) {
      yield `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    }
    yield `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\n`;
    yield 'content-type: application/octet-stream\r\n\r\n';
    yield* file.createReadStream() as AsyncIterable<Uint8Array>;
    yield `\r\n--${boundary}--\r\n`;
  }
  // The two declarations of ReadableStream differ in name only.
  const body = Readable.toWeb(Readable.from(parts(), { objectMode: false })) as ReadableStream;
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

async function openFile(path: string): Promise<FileHandle> {
  const refused = (why: string, cause?: unknown): AppError =>
    new AppError({
      kind: 'notFound',
      code: 'unreadable_file',
      message: `${path} cannot be read: ${why}`,
      cause,
    });
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw refused(error instanceof Error && 'code' in error ? String(error.code) : String(error), error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw refused('it is no file');
}
