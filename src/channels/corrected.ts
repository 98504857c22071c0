import type { Work } from '../outbox/work.js';
import type { NotificationContent } from './content.js';

/** What a delivery says: a human's correction, else the notification's own content. Nothing once retention has deleted it. */
export function contentOf({ changes, content }: Pick<Work, 'content' | 'changes'>): NotificationContent {
  return changes?.content ?? content ?? {};
}

/** Whom it goes to, in E.164: a human's correction, else whom the caller named. */
export function recipientOf({ changes, recipient }: Pick<Work, 'recipient' | 'changes'>): string {
  return changes?.to ?? recipient;
}

/** Who sends it, without `whatsapp:`: a human's correction, else who is configured for the channel. */
export function senderOf({ changes, sender }: Pick<Work, 'sender' | 'changes'>): string {
  return changes?.from ?? sender;
}
