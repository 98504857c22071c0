import type { DeliveryChanges } from './work.js';

/** What stays of earlier corrections on another channel: all but the sender, which was the other channel's. Pure. */
export function carriedTo(changes: DeliveryChanges | null): DeliveryChanges | undefined {
  const { to, content } = changes ?? {};
  return to || content ? { ...(to && { to }), ...(content && { content }) } : undefined;
}
