import type { WireError } from './wire-error.js';

/** How many events a stream may be ahead of its reader. */
export const streamWindow = 32;

/** Messages from the host to the compute thread; `id` numbers streams and pings. */
export type ToThread =
  /** The first message: where the thread leaves its signs of life, see `Pulse`, and how it takes turns on a GPU. */
  | { readonly type: 'watch'; readonly pulse: SharedArrayBuffer; readonly lock: SharedArrayBuffer }
  | { readonly type: 'start'; readonly id: number; readonly method: string; readonly params: unknown }
  /** Aborts the stream's signal; `left`: nobody reads it any more, so it is also stopped at its next event. */
  | { readonly type: 'cancel'; readonly id: number; readonly reason: WireError; readonly left: boolean }
  /** The reader took one event: the stream may send one more. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'close' };

/** Messages from the compute thread to the host. */
export type ToHost =
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'closed' };

/**
 * What a compute thread serves: each method turns its params into a stream of events. The signal is aborted when the
 * reader goes away or asks for it; how the stream then ends is the handler's choice.
 */
export type ComputeHandlers = Record<string, (params: never, signal: AbortSignal) => AsyncIterable<unknown>>;

export type ParamsOf<H extends ComputeHandlers, M extends keyof H> = Parameters<H[M]>[0];
export type EventOf<H extends ComputeHandlers, M extends keyof H> =
  ReturnType<H[M]> extends AsyncIterable<infer E> ? E : never;
