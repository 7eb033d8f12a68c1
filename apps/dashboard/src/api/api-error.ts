import type { ErrorBody, LineProblem } from '@prad/contracts';

/** An answer with status 4xx or 5xx, or none at all (status 0). */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
    /** Path of the request field at fault. */
    readonly param: string | null = null,
    /** Of an uploaded file: what is wrong in which line. */
    readonly problems: readonly LineProblem[] = [],
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The error that a body tells; a proxy's page or an empty body is told by its status. */
export function apiError(status: number, body: string): ApiError {
  try {
    const { error } = JSON.parse(body) as ErrorBody;
    return new ApiError(error.message, status, error.code, error.param, error.prad?.problems);
  } catch {
    return new ApiError(`the API answered with status ${status} and no reason`, status);
  }
}

export function unreachable(): ApiError {
  return new ApiError('the API cannot be reached: is it running, and is this machine online?', 0);
}
