import { errorBody } from '@prad/contracts';
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

/** The error that a response with status 4xx or 5xx tells. */
export async function errorOf(response: Response): Promise<AppError> {
  const text = await response.text();
  const kind = kinds[response.status] ?? 'bug';
  const parsed = errorBody.safeParse(jsonOrUndefined(text));
  if (parsed.success) {
    const { message, code, param, prad } = parsed.data.error;
    return new AppError({
      kind,
      code: code ?? 'api_error',
      message,
      details: { param, status: response.status, ...(prad && { problems: prad.problems }) },
    });
  }
  return new AppError({
    kind,
    code: 'api_error',
    message: `${response.url} answered with status ${response.status}: ${text.slice(0, 200)}`,
    details: { status: response.status },
  });
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
