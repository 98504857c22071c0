import type { FieldError } from '../problems/problem.js';
import type { NotificationContent } from './content.js';
import { says } from './usable-content.js';

/** Finds content that nobody would receive, because the channel sends something else instead. */
export function droppedContent({ whatsapp, voice }: Pick<NotificationContent, 'whatsapp' | 'voice'>): FieldError[] {
  return [...(whatsapp ? droppedMessage(whatsapp) : []), ...(voice ? droppedSpeech(voice) : [])];
}

/**
 * A template takes neither a body nor media with it (Twilio 63030), and only a template takes variables: if they are
 * given without one, it was forgotten.
 */
function droppedMessage({
  contentSid,
  contentVariables,
  body,
  mediaUrls,
}: NonNullable<NotificationContent['whatsapp']>): FieldError[] {
  if (!contentSid) {
    const hasVariables = Object.keys(contentVariables ?? {}).length > 0;
    return hasVariables
      ? [dropped('/whatsapp/contentVariables', 'they are those of a template, and contentSid names none')]
      : [];
  }
  return [
    ...(body ? [dropped('/whatsapp/body', 'contentSid names a template, which takes no body')] : []),
    ...(mediaUrls?.length ? [dropped('/whatsapp/mediaUrls', 'contentSid names a template, which takes no media')] : []),
  ];
}

/** A call has one TwiML: compose.ts takes it from the first of these. Nothing is lost with blank text. */
function droppedSpeech({ url, twiml, say }: NonNullable<NotificationContent['voice']>): FieldError[] {
  const given = Object.entries({ url, twiml, say }).filter(([, text]) => says(text));
  const [heard, ...others] = given.map(([field]) => field);
  return others.map((field) => dropped(`/voice/${field}`, `${heard} takes its place; give one of say, twiml and url`));
}

function dropped(pointer: string, why: string): FieldError {
  return { pointer, detail: `would not be heard: ${why}` };
}
