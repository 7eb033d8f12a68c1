import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';

/** A multipart form that is read from disk while it is sent, whatever its size. */
export function uploadBody(
  path: string,
  purpose: string,
): { readonly body: ReadableStream; readonly type: string } {
  const boundary = `prad-${randomBytes(12).toString('hex')}`;
  const filename = basename(path).replaceAll(/["\r\n]/g, '_');
  async function* parts(): AsyncGenerator<Uint8Array | string> {
    yield `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\n${purpose}\r\n`;
    yield `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\n`;
    yield 'content-type: application/jsonl\r\n\r\n';
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
    yield `\r\n--${boundary}--\r\n`;
  }
  // The two declarations of ReadableStream differ in name only.
  const body = Readable.toWeb(Readable.from(parts(), { objectMode: false })) as ReadableStream;
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
