/** On whose behalf a request is made. */
export interface Caller {
  readonly project: string;
  /** What names the key that let it in, never its secret; null where none was asked for. */
  readonly key: string | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler runs; null on routes that are open to everybody. */
    caller: Caller | null;
  }
}
