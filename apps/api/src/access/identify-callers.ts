import { DEFAULT_PROJECT } from '@prad/domain';
import type { FastifyInstance } from 'fastify';
import './caller.js';

/** Tells every request's handler on whose behalf it works. */
export function identifyCallers(fastify: FastifyInstance): void {
  fastify.decorateRequest('caller', null);
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    request.caller = { project: DEFAULT_PROJECT, key: null };
    done(null, payload);
  });
}
