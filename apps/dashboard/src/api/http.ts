import { apiError, unreachable } from './api-error.js';
import { accessKey, authorization, refuseKey } from './access-key.js';

/** A request of the API with the key of this tab. Throws ApiError for every answer that is not 2xx. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const key = accessKey();
  const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization(key) };
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw unreachable();
  });
  if (response.ok) return response;
  if (response.status === 401) refuseKey(key);
  throw apiError(response.status, await response.text());
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, signal === undefined ? {} : { signal })).json()) as T;
}

export async function postJson<T>(path: string, body?: unknown): Promise<T> {
  const content =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await (await send(path, { method: 'POST', ...content })).json()) as T;
}

export async function remove(path: string): Promise<void> {
  await send(path, { method: 'DELETE' });
}

/** A query string of the values that are there, with its question mark. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const present = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return present.length === 0 ? '' : `?${new URLSearchParams(present).toString()}`;
}
