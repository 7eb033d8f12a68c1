import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { connectionLost } from '@prad/database';
import { AppError } from '@prad/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorResponse, type ErrorResponse } from './error-response.js';

/** Every failed request ends here and leaves in OpenAI's form. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const { status, body } = toResponse(thrown);
    if (status >= 500)
      this.logger.error({ err: thrown, url: request.url, id: request.id }, body.error.message);
    // A stream that has begun reports errors itself; after its end there is nobody to tell.
    if (reply.sent || reply.raw.headersSent) return;
    if (status === 503) void reply.header('retry-after', '1');
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    await reply.status(status).send(body);
  }
}

function toResponse(thrown: unknown): ErrorResponse {
  const error = thrown instanceof AppError ? thrown : connectionLost(thrown);
  if (error !== undefined) return errorResponse(error);
  const framework = frameworkError(thrown);
  if (framework !== undefined) return framework;
  return errorResponse(
    new AppError({
      kind: 'bug',
      code: 'internal_error',
      message: 'the server failed; its log has the reason',
    }),
  );
}

/** Errors of Nest and Fastify themselves: unknown routes, broken JSON, bodies over the limit. */
function frameworkError(thrown: unknown): ErrorResponse | undefined {
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusOf(thrown);
  if (status === undefined || status < 400 || status >= 500 || !(thrown instanceof Error)) return undefined;
  const code = status === 404 ? 'unknown_route' : 'bad_request';
  return {
    status,
    body: { error: { message: thrown.message, type: 'invalid_request_error', param: null, code } },
  };
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}
