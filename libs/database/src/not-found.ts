import { AppError } from '@prad/errors';

/** The error of an id that names no row, for example `model_not_found`. */
export function notFound(what: string, id: string): AppError {
  return new AppError({
    kind: 'notFound',
    code: `${what.toLowerCase().replaceAll(/[ -]/g, '_')}_not_found`,
    message: `there is no ${what} named ${JSON.stringify(id)}`,
    details: { id },
  });
}
