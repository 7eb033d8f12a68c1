import { errorBody, type ErrorBody } from '@prad/contracts';
import { AppError, type ErrorKind } from '@prad/errors';

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  413: 'invalid',
  429: 'exhausted',
  499: 'cancelled',
  503: 'unavailable',
};

/** Of errors that come in a stream, whose status is that of its beginning. */
const kindsByType: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: 'invalid',
  conflict_error: 'conflict',
  rate_limit_error: 'exhausted',
  cancelled_error: 'cancelled',
  service_unavailable_error: 'unavailable',
};

/** The error that a response with status 4xx or 5xx tells. */
export async function errorOf(response: Response): Promise<AppError> {
  const { status, url } = response;
  const text = await response.text();
  const kind = kinds[status] ?? 'bug';
  const parsed = errorBody.safeParse(jsonOrUndefined(text));
  if (parsed.success) return told(parsed.data, kind, { status });
  return new AppError({
    kind,
    code: 'api_error',
    message: `${url} answered with status ${status}: ${text.slice(0, 200)}`,
    details: { status },
  });
}

/** The error that an event of a stream tells; undefined for any other event. */
export function streamedError(event: unknown): AppError | undefined {
  const parsed = errorBody.safeParse(event);
  return parsed.success ? told(parsed.data, kindsByType[parsed.data.error.type] ?? 'bug') : undefined;
}

function told({ error }: ErrorBody, kind: ErrorKind, more: Readonly<Record<string, unknown>> = {}): AppError {
  const { message, code, param, prad } = error;
  const details = { ...more, param, ...(prad && { problems: prad.problems }) };
  return new AppError({ kind, code: code ?? 'api_error', message, details });
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error of a server that cannot be reached. */
export function unreachable(url: string, cause: unknown): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'server_unreachable',
    message: `no server answers at ${url}`,
    cause,
  });
}

/** The error of an answer whose connection was lost before its end. */
export function brokeOff(url: string, cause?: unknown): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'stream_broke_off',
    message: `the connection to ${url} was lost before the answer's end`,
    cause,
  });
}
