import type { FastifyInstance, FastifyRequest } from 'fastify';
import './caller.js';
import type { KeyRing } from './key-ring.js';
import { isOpen } from './open-routes.js';
import type { ApiSettings } from '../settings.js';

/** Lets no request but those to open routes pass without a caller. A hook, for not every route is Nest's. */
export function identifyCallers(fastify: FastifyInstance, keys: KeyRing, settings: ApiSettings): void {
  fastify.decorateRequest('caller', null);
  // Before the body is read, and after onRequest, where the log of requests begins: it tells of refused ones too.
  fastify.addHook('preParsing', async (request, _reply, payload) => {
    const isLetIn = isOpen(request) || hasOwnToken(request, settings);
    if (!isLetIn) request.caller = await keys.identify(bearerOf(request));
    return payload;
  });
}

/** The scaling figures have a token of their own, which opens nothing else; their guard asks for it. */
function hasOwnToken({ routeOptions }: FastifyRequest, { scalingToken }: ApiSettings): boolean {
  return scalingToken !== undefined && routeOptions.url?.startsWith('/internal/scaling/') === true;
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}
