import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '@prad/errors';
import type { FastifyRequest } from 'fastify';
import './caller.js';

/** A handler's parameter: the project that its request may see and change. */
export const CallerProject = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { caller, url } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller !== null) return caller.project;
  throw new AppError({
    kind: 'bug',
    code: 'caller_unknown',
    message: `${url} works on a project's rows, but is open to callers without one`,
  });
});
