/** What went wrong, in the few ways a caller can act on. Transports map a kind to a status once, at their edge. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'exhausted'
  | 'cancelled'
  | 'unavailable'
  | 'bug';

export interface AppErrorInit {
  readonly kind: ErrorKind;
  /** Stable snake_case identifier that clients may switch on, for example `model_not_found`. */
  readonly code: string;
  /** One sentence: what, where, expected, got. */
  readonly message: string;
  /** Machine-readable facts: a line number, a field, a limit. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error class that crosses a lib's boundary on purpose; anything else that does is a bug. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: AppErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'AppError';
    this.kind = init.kind;
    this.code = init.code;
    this.details = init.details ?? {};
  }
}
