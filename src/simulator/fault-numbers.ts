import type { Fault, FaultRule } from './faults.js';

/** What happens to sends to a number. */
export interface NumberFault extends FaultRule {
  readonly does: string;
}

/**
 * Recipients that cause a fault, in addition to Twilio's own test numbers.
 *   +1500555 1xxx: the answer is faulty; the last digits are the HTTP status if there is one
 *   +1500555 2xxx: refused with a provider code
 *   +1500555 3xxx: accepted, and fails afterwards
 *   +1500555 4xxx: the result of a call, by SIP status
 *   +1500555 5xxx: what happens to the callbacks
 * `times` is counted per Idempotency-Key, so that every delivery goes through the whole sequence; requests without the
 * header are counted per recipient.
 */
export const FAULT_NUMBERS: ReadonlyMap<string, NumberFault> = new Map(
  Object.entries<NumberFault>({
    '+15005551503': { does: 'answers 503 twice, then accepts', times: 2, fault: status(503) },
    '+15005551500': { does: 'always answers 500; accepts nothing', fault: status(500) },
    '+15005551501': {
      does: 'accepts, but answers 500 the first time',
      times: 1,
      fault: { kind: 'accepted_then', status: 500 },
    },
    '+15005551429': {
      does: 'answers 429 with Retry-After: 1 once, then accepts',
      times: 1,
      fault: { kind: 'status', status: 429, retryAfter: 1 },
    },
    '+15005551401': { does: 'always answers 401, as for revoked credentials', fault: status(401) },
    '+15005551403': { does: 'always answers 403', fault: status(403) },
    '+15005551408': {
      does: 'does not answer the first time and accepts nothing, then accepts',
      times: 1,
      fault: { kind: 'no_answer', accepts: false },
    },
    '+15005551499': {
      does: 'accepts, but does not answer the first time',
      times: 1,
      fault: { kind: 'no_answer', accepts: true },
    },
    '+15005551104': {
      does: 'accepts, but resets the connection the first time',
      times: 1,
      fault: { kind: 'reset', when: 'after_accepting' },
    },
    '+15005551200': { does: 'accepts, but the first answer is not JSON', times: 1, fault: { kind: 'malformed' } },
    '+15005551201': { does: 'accepts, but the first answer has no sid', times: 1, fault: { kind: 'no_sid' } },
    '+15005552003': {
      does: 'refuses WhatsApp at once: 400 with 63003; other channels reach it',
      match: { channel: 'whatsapp' },
      fault: { kind: 'status', status: 400, code: 63003 },
    },
    '+15005552610': {
      does: 'opted out: refuses every message with 400 and 21610',
      match: { resource: 'messages' },
      fault: { kind: 'status', status: 400, code: 21610 },
    },
    '+15005552038': {
      does: 'daily cap of the account: 429 with 63038',
      match: { resource: 'messages' },
      fault: { kind: 'status', status: 429, code: 63038 },
    },
    '+15005553016': {
      does: 'accepts WhatsApp, then undelivered with 63016; other channels reach it',
      match: { channel: 'whatsapp' },
      fault: { kind: 'callback', status: 'undelivered', errorCode: 63016 },
    },
    '+15005553024': {
      does: 'accepts WhatsApp, then failed with 63024; other channels reach it',
      match: { channel: 'whatsapp' },
      fault: { kind: 'callback', status: 'failed', errorCode: 63024 },
    },
    '+15005553003': {
      does: 'accepts SMS, then undelivered with 30003; other channels reach it',
      match: { channel: 'sms' },
      fault: { kind: 'callback', status: 'undelivered', errorCode: 30003 },
    },
    '+15005553007': {
      does: 'accepts SMS, then undelivered with 30007; other channels reach it',
      match: { channel: 'sms' },
      fault: { kind: 'callback', status: 'undelivered', errorCode: 30007 },
    },
    '+15005553000': {
      does: 'accepts a message that stays sent and is never delivered',
      match: { resource: 'messages' },
      fault: { kind: 'callback', status: 'sent' },
    },
    '+15005554486': { does: 'the line is busy', ...callEnding('busy') },
    '+15005554480': { does: 'nobody answers the call', ...callEnding('no-answer') },
    '+15005554404': { does: 'the call fails', ...callEnding('failed') },
    '+15005555001': { does: 'its callbacks get lost', fault: { kind: 'callbacks', mode: 'lost' } },
    '+15005555002': { does: 'its callbacks come twice', fault: { kind: 'callbacks', mode: 'repeated' } },
    '+15005555003': { does: 'its callbacks come latest first', fault: { kind: 'callbacks', mode: 'reordered' } },
  }),
);

function status(code: 401 | 403 | 500 | 503): Fault {
  return { kind: 'status', status: code };
}

function callEnding(ending: 'busy' | 'no-answer' | 'failed'): FaultRule {
  return { match: { resource: 'calls' }, fault: { kind: 'callback', status: ending } };
}
