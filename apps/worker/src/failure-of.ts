import type { Failure } from '@prad/domain';
import type { AppError } from '@prad/errors';

/** What the submitter is told of an error; `details.param` names the request's field at fault. */
export function failureOf({ code, message, details }: AppError): Failure {
  const param = details['param'];
  return { code, message, param: typeof param === 'string' ? param : null };
}
