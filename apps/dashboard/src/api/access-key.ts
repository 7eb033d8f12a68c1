import { useSyncExternalStore } from 'react';

/**
 * The API key of this tab. It is kept in sessionStorage and not in localStorage: it outlives a reload, and is gone when
 * the tab is closed, so that a shared machine does not keep it.
 */
const STORED_AS = 'prad-api-key';

let refused = false;
const listeners = new Set<() => void>();

export function accessKey(): string | null {
  return sessionStorage.getItem(STORED_AS);
}

/** Called when the API answers 401: whatever key there was is of no use. */
export function refuseKey(): void {
  sessionStorage.removeItem(STORED_AS);
  setRefused(true);
}

export function storeKey(key: string): void {
  sessionStorage.setItem(STORED_AS, key);
  setRefused(false);
}

export function authorization(): Record<string, string> {
  const key = accessKey();
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** Whether the API wants a key that this tab does not have. */
export function useKeyWanted(): boolean {
  return useSyncExternalStore(subscribe, () => refused);
}

function setRefused(value: boolean): void {
  refused = value;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
