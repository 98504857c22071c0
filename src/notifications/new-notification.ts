import { hash } from 'node:crypto';
import type { NotificationContent } from '../channels/content.js';
import { droppedContent } from '../channels/dropped-content.js';
import { SENDER_VARIABLE } from '../channels/senders.js';
import { unusableContent } from '../channels/usable-content.js';
import { newId } from '../identifiers/new-id.js';
import type { NewNotification } from '../outbox/work.js';
import type { Channel, ChannelOrder } from '../policy/vocabulary.js';
import { invalidFields, Problem, type FieldError } from '../problems/problem.js';
import { refuseCountry } from '../validation/allowed-country.js';
import { canonicalJson } from './canonical-json.js';
import type { CreateNotificationDto } from './create-notification.dto.js';

export interface AcceptanceRules {
  readonly senderOf: (channel: Channel) => string | undefined;
  /** ISO codes; empty allows all. */
  readonly allowedCountries: ReadonlySet<string>;
  /** The database's time. */
  readonly now: Date;
}

/**
 * Turns a validated request into what the outbox stores.
 * @param body the request's JSON as received: its canonical form tells a replay from another request under the same key
 * @throws Problem if the fields are valid one by one, but the request as a whole cannot be carried out
 */
export function newNotification(
  request: CreateNotificationDto,
  body: unknown,
  clientId: string,
  idempotencyKey: string | null,
  rules: AcceptanceRules,
): NewNotification {
  const content = contentOf(request);
  const sendAt = momentOf(request.sendAt);
  const expiresAt = momentOf(request.expiresAt);
  const errors = [
    ...unusableContent(request.channels, content),
    ...droppedContent(content),
    ...impossibleTimes(sendAt, expiresAt, rules.now),
  ];
  if (errors.length > 0) throw invalidFields(errors);
  const sender = firstSender(request.channels, rules);
  refuseCountry(request.to, rules.allowedCountries, '/to');
  return {
    id: newId(),
    deliveryId: newId(),
    clientId,
    recipient: request.to,
    channels: request.channels,
    sender,
    category: request.category ?? 'transactional',
    content,
    metadata: request.metadata ?? {},
    idempotencyKey,
    requestHash: requestHash(body),
    onUnknown: request.onUnknown ?? 'resend',
    sendAt,
    expiresAt,
    fallbackAfterSeconds: request.fallbackAfterSeconds ?? null,
  };
}

/**
 * Tells a replay from another request under the same key.
 *
 * Hashing to a string first lets the bytes come from Node's buffer pool: half the time of a buffer of its own.
 */
export function requestHash(body: unknown): Buffer {
  return Buffer.from(hash('sha256', canonicalJson(body), 'base64'), 'base64');
}

function contentOf({ body, whatsapp, sms, voice }: CreateNotificationDto): NotificationContent {
  return { body, whatsapp, sms, voice };
}

/** A null in JSON means the same as an absent field. */
function momentOf(text: string | null | undefined): Date | null {
  return text == null ? null : new Date(text);
}

function impossibleTimes(sendAt: Date | null, expiresAt: Date | null, now: Date): FieldError[] {
  if (!expiresAt) return [];
  if (expiresAt <= now) return [{ pointer: '/expiresAt', detail: 'must be in the future' }];
  if (sendAt && expiresAt <= sendAt) return [{ pointer: '/expiresAt', detail: 'must be after sendAt' }];
  return [];
}

/** Every channel needs a sender, since a fallback may be due at any time. */
function firstSender(channels: ChannelOrder, rules: AcceptanceRules): string {
  const sender = rules.senderOf(channels[0]);
  const missing = channels.filter((channel) => !rules.senderOf(channel));
  if (sender && missing.length === 0) return sender;
  throw new Problem('channel-not-configured', {
    detail: `No sender is configured for ${missing.join(' and ')}: the operator sets ${missing.map((channel) => SENDER_VARIABLE[channel]).join(' and ')}.`,
    errors: missing.map((channel) => ({
      pointer: `/channels/${channels.indexOf(channel)}`,
      detail: `${channel} has no sender configured`,
    })),
  });
}
