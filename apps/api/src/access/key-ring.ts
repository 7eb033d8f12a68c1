import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ApiKeyRepository, type LiveApiKey } from '@prad/database';
import { DEFAULT_PROJECT, hashOfSecret } from '@prad/domain';
import { AppError } from '@prad/errors';
import { API_SETTINGS, type ApiSettings } from '../settings.js';
import type { Caller } from './caller.js';

/** How long a revoked key may still be let in. */
const ROWS_MS = 3_000;
/** A secret that is not known may be a key of this moment: the rows are read again, at most this often. */
const UNKNOWN_MS = 500;
/** Pause between two writes of a key's last use. */
const USE_MS = 60_000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

interface Rows {
  readonly keys: readonly LiveApiKey[];
  readonly readAt: number;
}

/**
 * Knows every key: those of the environment, and those with a row, which are read every few seconds and not for each
 * request. Where there are none, the callers of this machine may do everything in the project `default`.
 */
@Injectable()
export class KeyRing {
  private readonly logger = new Logger('KeyRing');
  private readonly ofEnvironment: readonly LiveApiKey[];
  private readonly isLoopback: boolean;
  private readonly usedAt = new Map<string, number>();
  private rows: Rows = { keys: [], readAt: -Infinity };
  private reading: Promise<Rows> | undefined;

  constructor(
    private readonly repository: ApiKeyRepository,
    @Inject(API_SETTINGS) { apiKeys, host }: ApiSettings,
  ) {
    this.ofEnvironment = apiKeys.map((secret, index) => ({
      ...{ id: `API_KEYS[${index}]`, project: DEFAULT_PROJECT, hash: hashOfSecret(secret) },
    }));
    this.isLoopback = LOOPBACK.includes(host);
  }

  /** Who sent the secret. Throws unauthenticated where a key is asked for and this is none. */
  async identify(secret: string | undefined): Promise<Caller> {
    const hash = secret === undefined ? undefined : hashOfSecret(secret);
    const known = hash === undefined ? undefined : await this.find(hash);
    if (known !== undefined) return { project: known.project, key: known.id };
    if (this.isLoopback && !(await this.hasKeys())) return { project: DEFAULT_PROJECT, key: null };
    throw secret === undefined ? keyMissing() : keyUnknown();
  }

  /** Throws invalid `host_needs_keys` where others could reach the API without a key. */
  async checkHost(host: string): Promise<void> {
    if (this.isLoopback || (await this.hasKeys())) return;
    throw new AppError({
      kind: 'invalid',
      code: 'host_needs_keys',
      message: `HOST is ${host}, which others can reach, and there is no API key: set API_KEYS, make a key with \`prad keys create\`, or listen on 127.0.0.1`,
    });
  }

  private async hasKeys(): Promise<boolean> {
    return this.ofEnvironment.length > 0 || (await this.read(ROWS_MS)).keys.length > 0;
  }

  private async find(hash: string): Promise<LiveApiKey | undefined> {
    const fixed = match(this.ofEnvironment, hash);
    if (fixed !== undefined) return fixed;
    const row =
      match((await this.read(ROWS_MS)).keys, hash) ?? match((await this.read(UNKNOWN_MS)).keys, hash);
    if (row !== undefined) this.markUsed(row.id);
    return row;
  }

  /** The rows as they were at most `maxAgeMs` ago. Requests that come together wait for one query. */
  private async read(maxAgeMs: number): Promise<Rows> {
    if (performance.now() - this.rows.readAt <= maxAgeMs) return this.rows;
    const readAt = performance.now();
    this.reading ??= this.repository
      .live()
      .then((keys) => (this.rows = { keys, readAt }))
      .finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** No request waits for this write, nor fails with it. */
  private markUsed(id: string): void {
    const now = performance.now();
    if (now - (this.usedAt.get(id) ?? -Infinity) < USE_MS) return;
    this.usedAt.set(id, now);
    this.repository.markUsed(id).catch((error: unknown) => {
      this.logger.warn({ err: error }, `the use of ${id} could not be recorded`);
    });
  }
}

/** Compares in constant time: how long it takes tells nothing of a hash. */
function match(keys: readonly LiveApiKey[], hash: string): LiveApiKey | undefined {
  const given = Buffer.from(hash, 'hex');
  return keys.find((key) => timingSafeEqual(Buffer.from(key.hash, 'hex'), given));
}

function keyMissing(): AppError {
  return new AppError({
    kind: 'unauthenticated',
    code: 'missing_api_key',
    message: 'this server asks for an API key: send it in the header Authorization, after the word Bearer',
  });
}

function keyUnknown(): AppError {
  return new AppError({
    kind: 'unauthenticated',
    code: 'invalid_api_key',
    message: 'the API key is not one of this server’s, or was revoked',
  });
}
