import { createHash } from 'node:crypto';
import type { Configuration } from '../config/configuration.js';

/** Tells credentials apart without keeping them: SHA-256 of what signs in, first 8 bytes, hex. */
export function fingerprintOf({ accountSid, authToken, apiKey }: Configuration['twilio']): string {
  const signsIn = apiKey ? [accountSid, apiKey.sid, apiKey.secret] : [accountSid, authToken];
  return createHash('sha256').update(JSON.stringify(signsIn)).digest('hex').slice(0, 16);
}
