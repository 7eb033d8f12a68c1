import { createHash, randomBytes } from 'node:crypto';

/** What lets a client in; of its secret only the hash is kept. */
export interface ApiKey {
  readonly id: string;
  readonly project: string;
  /** What it is for, in its owner's words; may be empty. */
  readonly name: string;
  /** First characters of the secret, by which its holder knows it again. */
  readonly prefix: string;
  readonly createdAt: Date;
  /** To about a minute; null for a key that was never used. */
  readonly lastUsedAt: Date | null;
  /** From then on it lets nobody in. */
  readonly revokedAt: Date | null;
}

const PREFIX_LENGTH = 12;

/** A new secret: `prad_` and 32 random bytes in base64url. */
export function newSecret(): string {
  return `prad_${randomBytes(32).toString('base64url')}`;
}

export function prefixOfSecret(secret: string): string {
  return secret.slice(0, PREFIX_LENGTH);
}

/** sha256 of a secret in lower-case hex. A secret has 256 random bits, so nothing slower is needed. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
