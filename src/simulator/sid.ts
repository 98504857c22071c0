import { randomUUID } from 'node:crypto';

/** Twilio's identifiers: a two-letter prefix that names the kind, then 32 hexadecimal digits. */
export type SidPrefix = 'SM' | 'MM' | 'CA' | 'RQ';

export function newSid(prefix: SidPrefix): string {
  return prefix + randomUUID().replaceAll('-', '');
}

export function isSid(prefix: 'MG' | 'HX', value: string): boolean {
  return value.startsWith(prefix) && /^[0-9a-fA-F]{32}$/.test(value.slice(2));
}
