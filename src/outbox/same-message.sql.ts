import { readableJson } from './readable-json.sql.js';

/**
 * Whether two deliveries of a notification go to the same recipient, as a human may have corrected either.
 * @param a the `changes` of one delivery, as an SQL expression
 * @param b the `changes` of the other
 * @param n the notification's row
 */
export function sameRecipient(a: string, b: string, n: string): string {
  return `(coalesce(${a} ->> 'to', ${n}.recipient) = coalesce(${b} ->> 'to', ${n}.recipient))`;
}

/** Whether they say the same; see {@link sameRecipient}. */
export function sameWords(a: string, b: string, n: string): string {
  const words = (changes: string) => `${readableJson(`coalesce(${changes} -> 'content', ${n}.content)`)}::jsonb`;
  return `(${words(a)} IS NOT DISTINCT FROM ${words(b)})`;
}
