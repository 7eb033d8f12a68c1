import type { FastifyRequest } from 'fastify';

/** Beginnings of the paths that need a key. */
const GUARDED = ['/v1', '/internal', '/metrics', '/docs'];

/**
 * Whether anybody may make the request: the probes, which tell only whether the process is well, and the dashboard's
 * own files, which hold no data and ask for the key.
 */
export function isOpen({ method, url, routeOptions }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  // The route's pattern too: its address can be written in many ways, such as /%761/files.
  return ![url, routeOptions.url ?? ''].some((path) => GUARDED.some((start) => path.startsWith(start)));
}
