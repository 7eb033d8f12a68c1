import { setMaxListeners } from 'node:events';

/** Aborted with any of them; every prompt of a request may listen to it. */
export function eitherSignal(...signals: AbortSignal[]): AbortSignal {
  const either = AbortSignal.any(signals);
  // Node warns of a leak from eleven on.
  setMaxListeners(0, either);
  return either;
}
