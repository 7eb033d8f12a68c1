import { AppError } from '@prad/errors';

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const LONGEST_KEY = 512;

/**
 * The key, when it is one: segments of letters, digits, `_`, `-` and `.` (not first), joined by `/`.
 * So no key leaves the store's folder, and every key is a name on any file system and in S3. Throws invalid `bad_blob_key`.
 */
export function checkedKey(key: string): string {
  const good = key.length <= LONGEST_KEY && key.split('/').every((segment) => SEGMENT.test(segment));
  if (good) return key;
  throw new AppError({
    kind: 'invalid',
    code: 'bad_blob_key',
    message: `a blob key is made of segments [A-Za-z0-9._-] joined by "/": got ${JSON.stringify(key.slice(0, 100))}`,
  });
}
