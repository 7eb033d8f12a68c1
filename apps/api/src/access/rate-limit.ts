import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppError } from '@prad/errors';
import './caller.js';

/** Refuses what one key, or one address where there are no keys, asks for beyond the limit. Counts in this process. */
export async function limitRate(app: NestFastifyApplication, perMinute: number): Promise<void> {
  if (perMinute === 0) return;
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    // A route's hook: it runs after the application's own of that name, which has found the caller.
    hook: 'preParsing',
    keyGenerator: ({ caller, ip }) => caller?.key ?? normalizeIP(ip),
    allowList: ({ caller, url }) => caller === null || url.startsWith('/internal'),
    errorResponseBuilder: (_request, { max, after }) =>
      new AppError({
        kind: 'exhausted',
        code: 'rate_limit_exceeded',
        message: `expected at most ${max} requests a minute, got more: try again in ${after}`,
      }),
  });
}
