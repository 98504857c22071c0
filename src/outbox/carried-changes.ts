import type { DeliveryChanges } from './work.js';

/**
 * The corrections that carry over to another channel: all but the sender, which belonged to the former. Null if there
 * are none. Pure.
 */
export function carriedTo(changes: DeliveryChanges | null): DeliveryChanges | null {
  const { to, content } = changes ?? {};
  return to || content ? { ...(to && { to }), ...(content && { content }) } : null;
}
