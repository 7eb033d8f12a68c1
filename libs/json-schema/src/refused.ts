import { AppError } from '@prad/errors';

/** The error of a schema that cannot be held to, naming the place by its JSON pointer. */
export function refused(path: string, message: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'invalid_json_schema',
    message: `JSON schema ${path}: ${message}`,
    details: { path },
  });
}
