import type { Work } from '../outbox/work.js';
import type { NotificationContent } from './content.js';

/** A delivery's content: a human's correction, else the notification's own. Empty once retention has deleted it. */
export function contentOf({ changes, content }: Pick<Work, 'content' | 'changes'>): NotificationContent {
  return changes?.content ?? content ?? {};
}

/** The recipient, in E.164: a human's correction, else the caller's. */
export function recipientOf({ changes, recipient }: Pick<Work, 'recipient' | 'changes'>): string {
  return changes?.to ?? recipient;
}
