import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { ApiBody } from '@nestjs/swagger';
import { AppError } from '@prad/errors';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

type BodySchema = Extract<Parameters<typeof ApiBody>[0], { readonly schema: unknown }>['schema'];

/** Swagger takes a form as JSON schema only; its parts are checked one by one while they stream. */
export function formSchema(form: z.ZodObject): BodySchema {
  return z.toJSONSchema(form, { target: 'openapi-3.0' }) as BodySchema;
}

/** The parts of a request's form as they come, at most as many files as the form has. Throws invalid `invalid_form`. */
export function formParts(
  request: FastifyRequest,
  form: z.ZodObject,
): AsyncIterable<MultipartFile | MultipartValue> {
  const files = Object.values(form.shape).filter(
    (field) => z.globalRegistry.get(field)?.['format'] === 'binary',
  );
  if (request.isMultipart()) return request.parts({ limits: { files: files.length } });
  throw new AppError({
    kind: 'invalid',
    code: 'invalid_form',
    message: `expected multipart/form-data with the parts ${Object.keys(form.shape).join(', ')}, got ${request.headers['content-type'] ?? 'no content type'}`,
  });
}
