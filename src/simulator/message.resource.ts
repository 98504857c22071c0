import type { MessageRecord } from './message.record.js';
import { rfc2822, rfc2822OrNull } from './rfc2822.date.js';
import { messageOfCode } from './twilio-error.js';

/** A message as the 2010 API shows it. */
export function messageResource(message: MessageRecord, accountSid: string): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${message.sid}`;
  return {
    body: message.body,
    num_segments: String(message.from === null ? 0 : segments(message.body)),
    direction: 'outbound-api',
    from: message.from,
    date_updated: rfc2822(message.updatedAt),
    price: null,
    error_message: messageOfCode(message.errorCode),
    uri: `${uri}.json`,
    account_sid: accountSid,
    num_media: String(message.numMedia),
    to: message.to,
    date_created: rfc2822(message.createdAt),
    status: message.status,
    sid: message.sid,
    date_sent: rfc2822OrNull(message.sentAt),
    messaging_service_sid: message.messagingServiceSid,
    error_code: message.errorCode,
    price_unit: 'USD',
    api_version: '2010-04-01',
    subresource_uris: { media: `${uri}/Media.json` },
  };
}

/** The GSM 03.38 alphabet; characters of the second group need an escape character. */
const GSM_BASIC = /^[\n\r !-?A-Za-z@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\f^{}\\[~\]|€]*$/;
const GSM_EXTENDED = /[\f^{}\\[~\]|€]/g;

/** How many SMS the text takes: 160 GSM-7 characters or 70 UCS-2 units; 153 or 67 each when it is split. */
export function segments(body: string): number {
  const gsm = GSM_BASIC.test(body);
  const length = body.length + (gsm ? (body.match(GSM_EXTENDED)?.length ?? 0) : 0);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  return length <= single ? 1 : Math.ceil(length / part);
}
