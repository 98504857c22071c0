import { createHash } from 'node:crypto';
import type { Configuration } from '../config/configuration.js';

/**
 * Identifies credentials without storing them: the first 8 bytes of a SHA-256 over the values used to sign in, in hex.
 */
export function fingerprintOf({ accountSid, authToken, apiKey }: Configuration['twilio']): string {
  const signsIn = apiKey ? [accountSid, apiKey.sid, apiKey.secret] : [accountSid, authToken];
  return createHash('sha256').update(JSON.stringify(signsIn)).digest('hex').slice(0, 16);
}
