import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'pr_';
const SECRET_BYTES = 32;

/** A new secret: 256 random bits, which no dictionary and no brute force will find. */
export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * SHA-256 of a secret, which is all that is stored of it. A slow hash protects secrets chosen by people; it would add
 * nothing to 256 random bits and would cost every request. (ADMIN_API_KEY is the operator's choice: let it be as
 * random.) The timing of a look-up does not help to guess a secret, since nobody can choose the hash of their guess.
 */
export function hashOf(secret: string): Buffer {
  return Buffer.from(hashTextOf(secret), 'base64');
}

/** The same in base64. It is computed on every request, in a quarter of the time of a buffer of its own. */
export function hashTextOf(secret: string): string {
  return hash('sha256', secret, 'base64');
}
