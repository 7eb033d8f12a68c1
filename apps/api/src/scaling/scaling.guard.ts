import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AppError } from '@prad/errors';
import type { FastifyRequest } from 'fastify';
import '../access/caller.js';
import { API_SETTINGS, type ApiSettings } from '../settings.js';

/** Lets in who shows the scaling token; without one, who came with an API key, and requests of this machine itself. */
@Injectable()
export class ScalingGuard implements CanActivate {
  constructor(@Inject(API_SETTINGS) private readonly settings: ApiSettings) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { scalingToken } = this.settings;
    if (scalingToken !== undefined) requireToken(request.headers.authorization, scalingToken);
    else if (typeof request.caller?.key !== 'string') requireLocal(request);
    return true;
  }
}

function requireToken(authorization: string | undefined, expected: string): void {
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (given !== undefined && equal(given, expected)) return;
  throw new AppError({
    kind: 'unauthenticated',
    code: 'bad_scaling_token',
    message: `expected the header \`Authorization: Bearer <SCALING_TOKEN>\`, got ${given === undefined ? 'none' : 'another token'}`,
  });
}

/** Takes the same time whatever is equal. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function requireLocal({ raw, headers }: FastifyRequest): void {
  // A proxy of this machine asks for somebody else.
  const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  if (!forwarded && isLoopback(raw.socket.remoteAddress ?? '')) return;
  throw new AppError({
    kind: 'forbidden',
    code: 'scaling_token_not_set',
    message: 'only this machine may ask for scaling figures as long as SCALING_TOKEN is not set',
  });
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '');
  return isIPv4(plain) ? plain.startsWith('127.') : plain === '::1';
}
