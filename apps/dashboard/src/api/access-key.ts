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

/** Called when the API answers 401 to a key, or to none: it is of no use. A newer key is left alone. */
export function refuseKey(used: string | null): void {
  if (accessKey() !== used) return;
  sessionStorage.removeItem(STORED_AS);
  setRefused(true);
}

export function storeKey(key: string): void {
  sessionStorage.setItem(STORED_AS, key);
  setRefused(false);
}

/** The header of a request with a key. */
export function authorization(key: string | null): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** Resolves when there is a key to try, or the signal is aborted. */
export function keyGiven(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      if (refused && !signal.aborted) return;
      leave();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const leave = subscribe(settle);
    signal.addEventListener('abort', settle);
    settle();
  });
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
