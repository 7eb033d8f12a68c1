import { AppError } from '@prad/errors';
import type { HubSettings } from '../env.js';

/** Asks the Hub, or the store that it sends on to. Throws unavailable where nobody answers; any status is an answer. */
export async function hubRequest(
  url: URL,
  { endpoint, token }: HubSettings,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  // The token is for the Hub alone; fetch drops it itself when it is sent on to another host.
  const isHub = url.origin === new URL(endpoint).origin;
  const access = token !== undefined && isHub ? { authorization: `Bearer ${token}` } : {};
  try {
    return await fetch(url, { headers: { ...headers, ...access } });
  } catch (cause) {
    throw unavailable(url, reasonOf(cause), cause);
  }
}

/** The error of an answer that is none: what the Hub says, by its status. */
export async function hubError(response: Response, what: string): Promise<AppError> {
  const { status } = response;
  const said = response.headers.get('x-error-message') ?? (await errorField(response));
  const message = `${what}: ${response.url} answered with status ${status}${said === '' ? '' : `, ${said}`}`;
  if (status === 401 || status === 403) {
    return new AppError({ kind: 'forbidden', code: 'dataset_forbidden', message, details: { status } });
  }
  if (status === 404) {
    return new AppError({ kind: 'notFound', code: 'dataset_not_found', message, details: { status } });
  }
  return new AppError({ kind: 'unavailable', code: 'dataset_unavailable', message, details: { status } });
}

export function unavailable(url: URL, why: string, cause?: unknown): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'dataset_unavailable',
    // Addresses of the store carry signatures in their query.
    message: `${url.origin}${url.pathname} could not be downloaded: ${why}`,
    cause,
  });
}

/** fetch says only that it failed; its cause says why. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}

async function errorField(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : '';
  } catch {
    return '';
  }
}
