import type { ErrorBody, LineProblem } from '@prad/contracts';
import { AppError, type ErrorKind } from '@prad/errors';

interface Translation {
  readonly status: number;
  /** OpenAI's class of error. */
  readonly type: string;
}

/** How each kind of error is told over HTTP: the only place that knows. */
const translations: Readonly<Record<ErrorKind, Translation>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  unauthenticated: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  notFound: { status: 404, type: 'invalid_request_error' },
  conflict: { status: 409, type: 'conflict_error' },
  exhausted: { status: 429, type: 'rate_limit_error' },
  cancelled: { status: 499, type: 'cancelled_error' },
  unavailable: { status: 503, type: 'service_unavailable_error' },
  bug: { status: 500, type: 'server_error' },
};

export interface ErrorResponse {
  readonly status: number;
  readonly body: ErrorBody;
}

export function errorResponse(error: AppError): ErrorResponse {
  const { status, type } = translations[error.kind];
  const param = typeof error.details['param'] === 'string' ? error.details['param'] : null;
  const problems = problemsOf(error);
  const body = { message: error.message, type, param, code: error.code };
  return { status, body: { error: problems === undefined ? body : { ...body, prad: { problems } } } };
}

/** Those of an uploaded file's lines, which its check leaves in the details. */
function problemsOf({ details }: AppError): LineProblem[] | undefined {
  return Array.isArray(details['problems']) ? (details['problems'] as LineProblem[]) : undefined;
}

/** The error with the request field at fault; one that names its field already keeps it. */
export function atField(error: unknown, param: string): unknown {
  if (!(error instanceof AppError)) return error;
  const { kind, code, message, details, cause } = error;
  return new AppError({ kind, code, message, details: { param, ...details }, cause });
}
