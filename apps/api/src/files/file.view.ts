import type { FileObject } from '@prad/contracts';
import type { DataFile } from '@prad/domain';
import { toSeconds } from '../http/page.view.js';
import { referenceOf, toChosenTask } from '../tasks/task.view.js';

export function toFileObject(file: DataFile): FileObject {
  const { id, bytes, filename, purpose, format, rows, sha256, createdAt } = file;
  const task = toChosenTask(referenceOf(file));
  return {
    ...{
      id,
      object: 'file',
      bytes,
      created_at: toSeconds(createdAt),
      filename,
      purpose,
      status: 'processed',
    },
    prad: { rows, sha256, format, task },
  };
}
