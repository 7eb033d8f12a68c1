import type { ColumnMapping, FileObject } from '@prad/contracts';
import { accessKey, authorization, refuseKey } from './access-key.js';
import { apiError, unreachable } from './api-error.js';

export interface UploadOptions {
  /** What the rows are; null: prompts with completions, or messages. */
  readonly task: string | null;
  readonly signal: AbortSignal;
  /** Undefined takes all columns as they are called. */
  readonly columns: ColumnMapping | undefined;
  /** Share of the file that was sent, 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** Sends a training file. By XMLHttpRequest, for fetch does not tell how much of a body was sent. Throws ApiError. */
export function uploadFile(
  file: File,
  { columns, task, signal, onProgress }: UploadOptions,
): Promise<FileObject> {
  const key = accessKey();
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  if (task !== null) form.append('task', task);
  if (columns !== undefined) form.append('columns', JSON.stringify(columns));
  form.append('file', file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      if (total > 0) onProgress(loaded / total);
    });
    request.addEventListener('load', () => {
      if (request.status < 300) {
        resolve(JSON.parse(request.responseText) as FileObject);
        return;
      }
      if (request.status === 401) refuseKey(key);
      reject(apiError(request.status, request.responseText));
    });
    request.addEventListener('error', () => {
      reject(unreachable());
    });
    request.addEventListener('abort', () => {
      reject(new DOMException('the upload was cancelled', 'AbortError'));
    });
    signal.addEventListener('abort', () => {
      request.abort();
    });
    request.open('POST', '/v1/files');
    for (const [name, value] of Object.entries(authorization(key))) request.setRequestHeader(name, value);
    request.send(form);
  });
}
