import { AppError } from '@prad/errors';
import { openFile } from '../byte-source.js';
import { invalid } from '../invalid.js';
import { parseJsonObject, type JsonObject } from '../strict-json.js';

/** Reads a JSON object from a file of at most `limit` bytes. @throws AppError notFound or invalid. */
export async function readJsonFile(path: string, limit: number): Promise<JsonObject> {
  const bytes = await readLimited(path, limit);
  return parseJsonObject(bytes, path);
}

/** The same, or undefined where there is no such file. */
export async function readOptionalJsonFile(path: string, limit: number): Promise<JsonObject | undefined> {
  return orMissing(readJsonFile(path, limit));
}

/** UTF-8 text, or undefined where there is no such file. */
export async function readOptionalTextFile(path: string, limit: number): Promise<string | undefined> {
  const bytes = await orMissing(readLimited(path, limit));
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

async function readLimited(path: string, limit: number): Promise<Uint8Array> {
  const source = await openFile(path);
  try {
    if (source.size > limit) {
      throw invalid('file_too_large', `${path} has ${source.size} bytes, the limit is ${limit}`, { limit });
    }
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

async function orMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (cause) {
    if (cause instanceof AppError && cause.kind === 'notFound') return undefined;
    throw cause;
  }
}
