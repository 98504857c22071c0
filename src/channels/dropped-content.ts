import type { FieldError } from '../problems/problem.js';
import type { NotificationContent } from './content.js';

/**
 * Finds WhatsApp content that nobody would receive. A template takes neither a body nor media with it (Twilio 63030),
 * and only a template takes variables: if they are given without one, it was forgotten.
 */
export function droppedContent({ whatsapp }: Pick<NotificationContent, 'whatsapp'>): FieldError[] {
  if (!whatsapp) return [];
  const { contentSid, contentVariables, body, mediaUrls } = whatsapp;
  const dropped = (field: string, why: string) => ({
    pointer: `/whatsapp/${field}`,
    detail: `would not be heard: ${why}`,
  });
  if (!contentSid) {
    const hasVariables = Object.keys(contentVariables ?? {}).length > 0;
    return hasVariables ? [dropped('contentVariables', 'they are those of a template, and contentSid names none')] : [];
  }
  return [
    ...(body ? [dropped('body', 'contentSid names a template, which takes no body')] : []),
    ...(mediaUrls?.length ? [dropped('mediaUrls', 'contentSid names a template, which takes no media')] : []),
  ];
}
