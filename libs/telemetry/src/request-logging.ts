import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';

const REQUEST_ID_HEADER = 'x-request-id';
const GOOD_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Paths that probes and scrapers read every few seconds. */
const QUIET = ['/health', '/ready', '/metrics'];

/** The client's request id where it is a plain word, else a new one: `new FastifyAdapter({ genReqId: requestId })`. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && GOOD_ID.test(given) ? given : randomUUID();
}

const requests = new AsyncLocalStorage<string>();

/** The id of the request that is being worked on; undefined outside of one. */
export function currentRequestId(): string | undefined {
  return requests.getStore();
}

/** Makes every answer carry its request's id, and `currentRequestId` tell it. */
export function carryRequestId(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header(REQUEST_ID_HEADER, request.id);
    requests.run(request.id, done);
  });
  // The body is read on the connection's own events, behind which the context of the first hook is lost.
  fastify.addHook('preValidation', (request, _reply, done) => {
    requests.run(request.id, done);
  });
}

/** Nest mounts its middleware on a wildcard, which takes the path out of `url`. */
function isQuiet({ url = '', originalUrl = url }: IncomingMessage & { originalUrl?: string }): boolean {
  return QUIET.includes(originalUrl.split('?', 1)[0] ?? '');
}

/**
 * A Nest module that logs each request once, when it has ended, with its id, and gives Nest's own log lines to `logger`:
 * `app.useLogger(app.get(NestLogger))`. Bodies are never logged.
 */
export function requestLogging(logger: Logger): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: {
      logger,
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId', responseTime: 'durationMs' },
      autoLogging: { ignore: isQuiet },
      customLogLevel: (_request, response, error) =>
        error !== undefined || response.statusCode >= 500
          ? 'error'
          : response.statusCode >= 400
            ? 'warn'
            : 'info',
      serializers: {
        req: ({ method, url }: { method: string; url: string }) => ({ method, url }),
        res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      },
    },
  });
}
