import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'pr_';
const SECRET_BYTES = 32;

/** A new secret: 256 random bits, so no dictionary and no brute force will find it. */
export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * SHA-256 of a secret, all that is stored of it. A slow hash guards secrets that people choose; it would add nothing
 * to 256 random bits and would cost every request. (ADMIN_API_KEY is the operator's choice: let it be as random.)
 * Looking the hash up leaks no timing that helps to guess a secret: nobody can steer which hash their guess has.
 */
export function hashOf(secret: string): Buffer {
  return Buffer.from(hashTextOf(secret), 'base64');
}

/** The same as a text in base64: it is made on every request, in a quarter of the time of a buffer of its own. */
export function hashTextOf(secret: string): string {
  return hash('sha256', secret, 'base64');
}
