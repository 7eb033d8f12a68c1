import type { Transferable } from 'node:worker_threads';

const transfers = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks the buffers in `value` (an event or the params of a stream) as handed over when it is sent: they are not
 * copied, and the sender loses them. Returns `value`.
 */
export function transferring<T extends object>(value: T, buffers: readonly Transferable[]): T {
  transfers.set(value, buffers);
  return value;
}

/** The buffers that `value` hands over. */
export function transfersOf(value: unknown): readonly Transferable[] {
  return typeof value === 'object' && value !== null ? (transfers.get(value) ?? []) : [];
}
